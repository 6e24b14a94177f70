"""`manage.py audit_verify`: is the audit trail whole?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.queries import verify_chain


class Command(BaseCommand):
    help = "Recomputes the audit trail's chain and names the first entry that does not fit."

    def handle(self, *args: Any, **options: Any) -> None:
        report = verify_chain()
        if report.broken_at is not None:
            raise CommandError(f"办理记录第{report.broken_at}条与前后不符，记录可能被改动。请保留现场并报告审计。")
        self.stdout.write(f"办理记录完整，共{report.entries}条。")
