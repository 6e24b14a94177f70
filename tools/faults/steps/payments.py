"""One file of the treasury is read again and again while its readers die (A9): every payment counts once."""

import csv
import io
import os
import signal
import time
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from random import Random

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from collection.kinds import PAYMENTS
from demo.officers import person
from demo.units import OPEN_YEAR
from exchange.engine.control import ControlTotals
from exchange.models import ImportedFile
from exchange.services import uploads as files
from exchange.services.approvals import enter_control, file_decision
from exchange.tasks import work_on_file
from quota.models import Employer
from tools.faults.ground import wait_for
from tools.faults.report import demand
from tools.faults.trial import Trial

RECEIPTS = 10_000
PARTS, KILLS, CONFLICTS = 7, 10, 100
PAID = "SELECT count(*), coalesce(sum(amount), 0) FROM collection_payment WHERE receipt_number LIKE 'GZ%%'"


def run(trial: Trial) -> None:
    with trial.report.promise("A9", "缴费文件反复导入、中途被杀，只入库一次 a payment file pays once") as line:
        line.remark = _pay(trial)


def _pay(trial: Trial) -> str:
    chance = trial.nemesis.chance("payments")
    rows = _receipts(chance, min(RECEIPTS, trial.employers))
    wanted = (len(rows), sum((Decimal(row[3]) for row in rows), Decimal(0)))
    _upload_and_kill(trial, rows, chance)
    demand(trial.checker.ask(PAID) == [wanted], f"after the upload {trial.checker.ask(PAID)}, wanted {wanted}")
    for _time in range(2):
        chance.shuffle(rows)
        _load(trial, [_file(trial, "whole", rows)])
    size = len(rows) // PARTS
    parts = [rows[max(0, n * size - size // 2) : (n + 1) * size + size // 2] for n in range(PARTS)]
    _load(trial, [_file(trial, f"part-{n}", part) for n, part in enumerate(parts)])
    trial.fault("file repeated", f"{2 + PARTS} times")
    other = [[*row[:3], str(Decimal(row[3]) + Decimal("0.01")), *row[4:]] for row in rows[:CONFLICTS]]
    said = _load(trial, [_file(trial, "other", other)], mode="--apply-valid")
    trial.fault("receipt with another amount", CONFLICTS)
    demand(f"有错 {len(other):,} 行" in said, "the conflicting receipts were not named")
    demand(trial.checker.ask(PAID) == [wanted], f"in the end {trial.checker.ask(PAID)}, wanted {wanted}")
    return f"{wanted[0]} receipts, {wanted[1]} yuan"


def _receipts(chance: Random, count: int) -> list[list[str]]:
    codes = Employer.objects.order_by("pk").values_list("uscc", flat=True)[:count]
    return [
        [f"GZ{number:012}", code, str(OPEN_YEAR), f"{chance.randint(1, 10**7) / 100:.2f}", "2026-11-05", "县区级"]
        for number, code in enumerate(codes)
    ]


def _content(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([PAYMENTS.headings, *rows])
    return text.getvalue().encode()


def _file(trial: Trial, name: str, rows: list[list[str]]) -> Path:
    path = trial.ground.state.root / f"payments-{name}.csv"
    path.write_bytes(_content(rows))
    return path


def _upload_and_kill(trial: Trial, rows: list[list[str]], chance: Random) -> None:
    """A worker reads and writes an upload while its processes are killed again and again."""
    clerk: User = person("tax")
    upload = SimpleUploadedFile("payments.csv", _content(rows))
    file = files.receive_file(kind=PAYMENTS, upload=upload, actor=clerk)
    trial.ground.start_worker("worker-import", "import", 1)
    _kill_until(trial, file.pk, ["reading"], chance)
    _approve(ImportedFile.objects.get(pk=file.pk), rows)
    _kill_until(trial, file.pk, ["writing"], chance)
    state = trial.checker.value("SELECT state FROM exchange_importedfile WHERE id = %s", file.pk)
    demand(state == "applied", f"the file ended {state}")


def _approve(file: ImportedFile, rows: list[list[str]]) -> None:
    """A second person types the treasury's totals and approves."""
    second, totals = person("tax2"), ControlTotals.of(Decimal(row[3]) for row in rows)
    file = enter_control(file=file, typed=totals, actor=second)
    file_decision(PAYMENTS.permission).approve(file, actor=second)


def _kill_until(trial: Trial, file_id: int, at_work: list[str], chance: Random) -> None:
    """Send the file's message and kill the process that works on it, five times."""
    for _kill in range(KILLS // 2):
        work_on_file.delay(file_id)
        wait_for(lambda: _has_worker(trial), "the worker never came back")
        time.sleep(chance.uniform(0.02, 0.5))
        for child in trial.ground.children("worker-import"):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            trial.fault("importer killed", child)
    work_on_file.delay(file_id)
    work = "SELECT state = ANY(%s) FROM exchange_importedfile WHERE id = %s"
    wait_for(
        lambda: _has_worker(trial) and not trial.checker.value(work, at_work, file_id), "the file was not finished"
    )


def _has_worker(trial: Trial) -> bool:
    trial.ground.revive()
    return bool(trial.ground.children("worker-import"))


def _load(trial: Trial, paths: list[Path], mode: str = "--apply") -> str:
    """Load files by the command, all at once. Returns its output."""
    log = trial.ground.state.log("manage-load")
    before = log.stat().st_size if log.exists() else 0
    commands = [trial.ground.manage("load", "payments", str(path), mode) for path in paths]
    for command in commands:
        demand(command.wait() == 0, f"load ended with {command.returncode}")
    return log.read_bytes()[before:].decode()
