"""`manage.py assess --year Y --region CODE [--as USER] [--confirm-as USER]`: make a run and wait for it."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from kombu.exceptions import OperationalError

from accounts.management.named import named_region, named_user
from accounts.models import User
from audit.errors import DomainError
from law.policy import PolicyYearMissing
from levy.models import AssessmentRun, RunState
from levy.queries import totals
from levy.services import runs
from levy.tasks import send_slices

BAR_WIDTH = 30


class Command(BaseCommand):
    help = "Computes what every employer of a region owes for a levy year, and confirms it in two people's names."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--year", type=int, required=True, help="费款所属年度")
        parser.add_argument("--region", required=True, help="行政区划代码")
        parser.add_argument("--as", dest="officer", help="试算和核对的人员")
        parser.add_argument("--confirm-as", dest="confirming", help="核定的人员，须是另一人")

    def handle(
        self, *args: Any, year: int, region: str, officer: str | None, confirming: str | None, **options: Any
    ) -> None:
        if confirming and not officer:
            raise CommandError("核定须有核对人：请同时用 --as 指明核对的人员。")
        people = [named_user(name) if name else None for name in (officer, confirming)]
        try:
            run = runs.start_run(levy_year=year, region=named_region(region), actor=people[0])
            self._compute(run)
            self._confirm(run, *people)
        except (DomainError, PolicyYearMissing) as refusal:
            raise CommandError(str(refusal)) from None
        self._report(run)

    def _compute(self, run: AssessmentRun) -> None:
        with suppress(OperationalError):  # without a broker this process does the whole run
            send_slices(run.pk)
        self._show(runs.work_off(run), run)

    def _show(self, steps: Iterable[dict[str, int]], run: AssessmentRun) -> None:
        for step in steps:
            if sys.stderr.isatty():
                filled = BAR_WIDTH * step["done"] // max(step["total"], 1)
                bar = "█" * filled + "·" * (BAR_WIDTH - filled)
                self.stderr.write(f"\r{bar} {step['employers']}/{run.employer_count}户", ending="")
        if sys.stderr.isatty():
            self.stderr.write("")

    def _confirm(self, run: AssessmentRun, officer: User | None, confirming: User | None) -> None:
        if run.state == RunState.PARTIAL:
            raise CommandError(f"批次{run}有分片三次计算失败，已隔离，不能核定。请查看批次页并报告管理员。")
        if officer is None or confirming is None:
            return
        runs.check_run(run=run, actor=officer)
        runs.confirm_run(run=run, actor=confirming)
        run.refresh_from_db()

    def _report(self, run: AssessmentRun) -> None:
        self.stdout.write(f"批次{run}：{run.get_state_display()}，{run.employer_count}户，应缴{run.payable_total:,}元")
        for row in totals.outcome_totals(totals.run_sums(run)):
            self.stdout.write(f"  {row.label}：{row.employers}户，应缴{row.payable:,}元")
        self.stdout.write(f"政策版本{run.policy_version}，明细摘要{run.digest}")
        if run.state == RunState.DRAFT:
            self.stdout.write("这是试算结果。核对、核定后方可移交税务：加 --as 和 --confirm-as，或在批次页办理。")
