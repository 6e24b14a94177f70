"""`manage.py demo [--employers N] [--seed S]`: fill an empty database with a fictitious province."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Region
from audit.errors import DomainError
from demo.codes import UNITS
from demo.officers import PASSWORD, sign_ins
from demo.stages import Fill, fill_database
from demo.units import CLOSED_YEARS, OPEN_YEAR

DEFAULT_EMPLOYERS = 3000
FEWEST_EMPLOYERS = 200  # fewer leave some queues empty


class Command(BaseCommand):
    help = "Fills an empty database with a fictitious province and prints its sign-ins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--employers", type=_employers, default=DEFAULT_EMPLOYERS, metavar="N", help="单位户数")
        parser.add_argument("--seed", type=int, default=1, help="种子：同一种子产生同样的数据")

    def handle(self, *args: Any, employers: int, seed: int, **options: Any) -> None:
        try:
            fill_database(Fill(employers=employers, seed=seed, tell=self._tell))
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        self._show_sign_ins(employers)

    def _tell(self, line: str) -> None:
        self.stderr.write(f"\r{line}", ending="")  # the last line says how far it is
        self.stderr.flush()

    def _show_sign_ins(self, employers: int) -> None:
        confirmed = "、".join(map(str, CLOSED_YEARS))
        self.stdout.write(f"演示省份（虚构）：{employers:,}户，{confirmed}年度已核定，{OPEN_YEAR}年度办理中。")
        self.stdout.write(f"密码一律为 {PASSWORD}\n")
        names = Region.objects.in_bulk([sign_in.region for sign_in in sign_ins()])
        for sign_in in sign_ins():
            self.stdout.write(f"  {sign_in.username:<20}{sign_in.role.label}，{names[sign_in.region].name}")


def _employers(text: str) -> int:
    count = int(text)
    if not FEWEST_EMPLOYERS <= count <= UNITS:
        raise ArgumentTypeError(f"应为{FEWEST_EMPLOYERS}至{UNITS:,}。")
    return count
