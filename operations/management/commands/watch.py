"""`manage.py watch [--every SECONDS]`: look after the system, apart from the workers and the broker it looks after."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from operations import services


class Command(BaseCommand):
    help = "Raises and ends alarms as log events, for ever; with --once it looks once and lists what is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=int, default=30, help="相隔的秒数")
        parser.add_argument("--once", action="store_true", help="只看一次，列出告警")

    def handle(self, *args: Any, every: int, once: bool, **options: Any) -> None:
        if once:
            return self._show()
        while True:
            try:
                services.watch()
            except DatabaseError as error:
                services.logger.error("alarm raised", extra={"alarm": "database-down", "kind": type(error).__name__})
                connection.close()
            time.sleep(every)

    def _show(self) -> None:
        wrong = services.alarms.raised(services.watch())
        for alarm, subject in wrong:
            self.stdout.write(f"{alarm.code} {subject}".rstrip() + f"：{alarm.title}。{alarm.cure}")
        if not wrong:
            self.stdout.write("没有告警。")
