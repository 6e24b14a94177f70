"""`manage.py verify --year Y --region CODE --as USER --second-as USER [--accept-computed]`."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count

from accounts.management.named import named_region, named_user
from accounts.models import Region
from audit.errors import DomainError
from law.settings import SettingError
from quota.enums import ReturnState
from quota.models import HeadcountReturn
from quota.services.batches import refuse_unfit, verify_region
from quota.services.checks import run_checks

BAR_WIDTH = 30


class Command(BaseCommand):
    help = "Checks all returns of a region and verifies, in two people's names, those that agree with the registers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--year", type=int, required=True, help="费款所属年度")
        parser.add_argument("--region", required=True, help="行政区划代码")
        parser.add_argument("--as", dest="first", required=True, help="初审人员")
        parser.add_argument("--second-as", dest="second", required=True, help="复审人员，须是另一人")
        parser.add_argument("--accept-computed", action="store_true", help="全部申报按系统核算的人月认定")

    def handle(
        self, *args: Any, year: int, region: str, first: str, second: str, accept_computed: bool, **options: Any
    ) -> None:
        place, people = named_region(region), [named_user(first), named_user(second)]
        try:
            refuse_unfit(*people, place)
            checked = run_checks(levy_year=year, region_code=place.code, on_progress=self._bar("核对", "条"))
            self.stdout.write(f"核对：残疾职工{checked.placements:,}条，申报结果有变化{checked.returns:,}户")
            verified = verify_region(
                levy_year=year,
                region=place,
                first=people[0],
                second=people[1],
                accept_computed=accept_computed,
                on_progress=self._bar("认定", "个地区"),
            )
        except (DomainError, SettingError) as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(
            f"认定：{verified.returns:,}户，申报{verified.claimed_months:,}人月，认定{verified.credited_months:,}人月"
        )
        self._report(place, year)

    def _bar(self, what: str, unit: str) -> Callable[[int, int], None] | None:
        if not sys.stderr.isatty():
            return None

        def show(done: int, total: int) -> None:
            filled = BAR_WIDTH * done // max(total, 1)
            bar = "█" * filled + "·" * (BAR_WIDTH - filled)
            self.stderr.write(f"\r{what} {bar} {done:,}/{total:,}{unit}", ending="\n" if done == total else "")

        return show

    def _report(self, region: Region, year: int) -> None:
        """Print the present states of the region's returns, so that the remaining ones are not taken for done."""
        returns = HeadcountReturn.objects.in_region(region.code).in_force().filter(levy_year=year)
        counts = dict(returns.order_by().values_list("state").annotate(Count("pk")))
        for state in ReturnState:
            if state in counts:
                self.stdout.write(f"  {state.label}：{counts[state]:,}户")
