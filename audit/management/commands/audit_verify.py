"""`manage.py audit_verify`: is the audit trail whole?"""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.queries import sealed, verify_chain


class Command(BaseCommand):
    help = "Recomputes the audit trail's chain and names the first entry that does not fit."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seals", help="the file of a log with seals that was kept elsewhere; - is the input")

    def handle(self, *args: Any, **options: Any) -> None:
        seals = _lines(options["seals"]) if options["seals"] else []
        if options["seals"] and not sealed(seals):
            raise CommandError("所给文件中没有办理记录的封存值，未作比对。")
        report = verify_chain(seals)
        if report.broken_at is not None:
            raise CommandError(f"办理记录第{report.broken_at}条与前后不符，记录可能被改动。请保留现场并报告审计。")
        self.stdout.write(f"办理记录完整，共{report.entries}条。")


def _lines(file: str) -> list[str]:
    if file == "-":
        return sys.stdin.readlines()
    try:
        return Path(file).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise CommandError(f"不能读取{file}（{error.strerror}）。") from error
