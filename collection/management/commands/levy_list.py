"""`manage.py levy_list --year Y --region CODE --format csv|xlsx --out FILE`: the tax bureau's list."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.management.named import named_region
from audit.errors import DomainError
from collection.queries import lists


class Command(BaseCommand):
    help = "Writes the tax bureau's list with its count, sum and SHA-256."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--year", type=int, required=True, help="费款所属年度")
        parser.add_argument("--region", required=True, help="行政区划代码")
        parser.add_argument("--format", dest="file_format", choices=["csv", "xlsx"], default="csv")
        parser.add_argument("--out", type=Path, required=True, help="写入的文件")

    def handle(self, *args: Any, year: int, region: str, file_format: str, out: Path, **options: Any) -> None:
        try:
            chosen = lists.levy_list(levy_year=year, region=named_region(region))
            written = lists.write_list(chosen, out, file_format)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        except OSError as failure:
            raise CommandError(f"不能写入{out}：{failure.strerror}。") from None
        self.stdout.write(f"{out}：{written.rows}行，应缴费额合计{written.payable:,}元")
        self.stdout.write(f"SHA-256 {written.sha256}")
        if not chosen.is_final:
            self.stderr.write("注意：这是试算清单，未经核定，不得据以征收。")
