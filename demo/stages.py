"""Filling the database stage by stage, each noted when it is done."""

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from io import StringIO

from django.core.management import call_command
from django.db import connection, transaction

from demo import closed_years, ledger, officers, open_year, rewards, uploads
from demo.officers import person
from demo.parameters import store_parameters
from demo.places import PROVINCE
from demo.province import write_province
from demo.units import CLOSED_YEARS, OPEN_YEAR


@dataclass(frozen=True, slots=True)
class Fill:
    """The content to fill in, and the output for progress."""

    employers: int
    seed: int
    tell: closed_years.Tell


@dataclass(frozen=True, slots=True)
class Stage:
    """One step. What is not one transaction can be done again after half of it, as services can."""

    name: str
    label: str
    work: Callable[[Fill], None]
    is_atomic: bool = True


def _regions(_fill: Fill) -> None:
    call_command("load_regions", stdout=StringIO())


def _people(_fill: Fill) -> None:
    officers.appoint_people()


def _parameters(_fill: Fill) -> None:
    store_parameters(entered_by=person("param1"), approved_by=person("param2"))


def _province(fill: Fill) -> None:
    write_province(
        employers=fill.employers, seed=fill.seed, on_progress=lambda done: fill.tell(f"{done:,}/{fill.employers:,}户")
    )


def _statistics(_fill: Fill) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _rewards(_fill: Fill) -> None:
    rewards.propose_and_decide()


def _correct(year: int, _fill: Fill) -> None:
    closed_years.correct(year)


def _prepare(year: int, _fill: Fill) -> None:
    closed_years.prepared_publication(year)


def _verify(year: int, fill: Fill) -> None:
    closed_years.check(year, fill.tell)
    closed_years.verify(year, PROVINCE, fill.tell)


def _assess(year: int, fill: Fill) -> None:
    closed_years.assess(year, fill.tell)


def _pay(year: int, fill: Fill) -> None:
    closed_years.pay(year, fill.seed)


def _publish(year: int, _fill: Fill) -> None:
    closed_years.publish(year)


def _check_and_verify(fill: Fill) -> None:
    open_year.check_and_verify(fill.tell)


def _trial_run(fill: Fill) -> None:
    open_year.trial_run(fill.tell)


def _cases(_fill: Fill) -> None:
    open_year.draft_people()
    open_year.work_on_cases()
    open_year.late_arrivals()
    open_year.give_employer_account()


def _desk(_fill: Fill) -> None:
    uploads.upload_files()
    officers.propose_colleague()


def stages() -> list[Stage]:
    """All stages in their order."""
    last = CLOSED_YEARS[-1]
    return [
        Stage("regions", "行政区划", _regions),
        Stage("people", "各级人员", _people),
        Stage("parameters", "地区参数", _parameters),
        Stage("province", "单位、申报、残疾职工、社保和工资", _province),
        Stage("statistics", "数据库统计信息", _statistics),
        *(stage for year in CLOSED_YEARS for stage in _closed_year(year)),
        Stage("corrections", f"{last}年度：更正", partial(_correct, last)),
        Stage("publication", f"{last}年度：待公布的更新", partial(_prepare, last), is_atomic=False),
        Stage("rewards", "超比例奖励", _rewards),
        Stage("checks", f"{OPEN_YEAR}年度：核对和部分认定", _check_and_verify, is_atomic=False),
        Stage("trial run", f"{OPEN_YEAR}年度：试算一个地级市", _trial_run, is_atomic=False),
        Stage("cases", f"{OPEN_YEAR}年度：初审、复审、退回", _cases),
        Stage("desk", "待处理的文件和人员变动", _desk),
    ]


def _closed_year(year: int) -> Iterator[Stage]:
    yield Stage(f"verify {year}", f"{year}年度：核对、初审、复审", partial(_verify, year), is_atomic=False)
    yield Stage(f"assess {year}", f"{year}年度：核定、移交", partial(_assess, year), is_atomic=False)
    yield Stage(f"pay {year}", f"{year}年度：缴费", partial(_pay, year))
    yield Stage(f"publish {year}", f"{year}年度：公布", partial(_publish, year), is_atomic=False)


def fill_database(fill: Fill) -> None:
    """Do the stages that are not done yet. Raises ledger.NotEmpty and ledger.OtherFill."""
    todo = stages()
    done = ledger.done_stages(employers=fill.employers, seed=fill.seed, last=todo[-1].name)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")  # a page's ten seconds are too few for a million employers
    for stage in todo:
        if stage.name not in done:
            _do(stage, fill)


def _do(stage: Stage, fill: Fill) -> None:
    began = time.monotonic()
    fill.tell(f"{stage.label} …")
    with transaction.atomic() if stage.is_atomic else nullcontext():
        stage.work(fill)
        ledger.note(stage.name, employers=fill.employers, seed=fill.seed)
    fill.tell(f"{stage.label}：{time.monotonic() - began:.1f}秒\n")
