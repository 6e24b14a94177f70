"""`manage.py load_regions [FILE]`: bring the divisions to the list of GB/T 2260 that the project ships."""

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.services import load_regions
from audit.errors import DomainError

COLUMNS = ["行政区划代码", "名称"]


class Command(BaseCommand):
    help = "Adds and renames divisions, and retires those the list no longer has; nothing is deleted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=settings.BASE_DIR / "fixtures" / "regions.csv")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            changes = load_regions(names=read_regions(file), actor=None)
        except (DomainError, OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file}：{error}") from error
        self.stdout.write(f"行政区划：新增 {changes.added}，更新 {changes.changed}，撤销 {changes.retired}。")
        if changes.kept:
            self.stdout.write(f"另有 {changes.kept} 个由管理员登记，与名单不同，保留不变。")


def read_regions(file: Path) -> dict[str, str]:
    """Code to name, as in the file. Raises CommandError on other headings or a repeated code."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(stream)
        if next(rows, None) != COLUMNS:
            raise CommandError(f"{file}：首行应为 {','.join(COLUMNS)}。")
        names: dict[str, str] = {}
        for number, row in enumerate(rows, start=2):
            if len(row) != len(COLUMNS) or not all(row) or row[0] in names:
                raise CommandError(f"{file} 第{number}行：应为一个未出现过的代码和名称。")
            names[row[0]] = row[1]
    return names
