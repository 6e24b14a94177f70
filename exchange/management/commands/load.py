"""`manage.py load KIND FILE [--apply | --apply-valid] [--errors FILE.xlsx] [--as USER] [--second-as USER]`."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from accounts.models import User
from audit.errors import DomainError
from exchange.engine.contract import Kind
from exchange.engine.fault_book import masked, with_values, write_workbook
from exchange.engine.loading import Mode, Report, load_file
from exchange.engine.source import COMMAND_LINE, Source
from exchange.kinds import KINDS

FIRST_FAULTS = 20


class Command(BaseCommand):
    help = "Reads one exchange file and reports; with --apply writes it if every row is sound."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS))
        parser.add_argument("file", type=Path)
        modes = parser.add_mutually_exclusive_group()
        modes.add_argument("--apply", dest="mode", action="store_const", const=Mode.APPLY, default=Mode.REPORT)
        modes.add_argument("--apply-valid", dest="mode", action="store_const", const=Mode.APPLY_VALID)
        parser.add_argument("--errors", type=Path, metavar="FILE.xlsx", help="write every fault to this workbook")
        parser.add_argument("--as", dest="actor", metavar="USER", help="in whose name; limits rows to their regions")
        parser.add_argument("--second-as", dest="second", metavar="USER", help="who approves what needs two people")

    def handle(self, *args: Any, kind: str, file: Path, mode: Mode, **options: Any) -> None:
        if not file.is_file():
            raise CommandError(f"没有文件 {file}。")
        with connection.cursor() as cursor:  # unlike on a page, a file of any size may take its time
            cursor.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        source = Source(file.name, COMMAND_LINE, path=file.resolve())
        actor, second = named_person(options["actor"]), named_person(options["second"])
        try:
            report = load_file(kind=KINDS[kind], source=source, mode=mode, actor=actor, second=second)
            self.tell(report, mode)
            if report.faults:
                self.tell_faults(report, source, KINDS[kind], options["errors"])
        except DomainError as refusal:
            raise CommandError(f"{file.name}：{refusal.message}") from refusal
        if mode is Mode.APPLY and not report.is_applied:
            raise CommandError(
                f"有 {report.faulty_rows} 行有错，文件未写入。改正后重新导入，或用 --apply-valid 先写入正确的行。"
            )

    def tell(self, report: Report, mode: Mode) -> None:
        for warning in report.warnings:
            self.stdout.write(f"提示：{warning}")
        self.stdout.write(
            f"读取 {report.rows:,} 行：正确 {report.sound:,} 行，有错 {report.faulty_rows:,} 行，"
            f"与前面的行相同 {report.repeated:,} 行（只读一次）。"
        )
        done = "已" if report.is_applied else "将"
        self.stdout.write(
            f"{done}新增 {report.new:,} 行，{done}更新 {report.changed:,} 行，不变 {report.unchanged:,} 行。"
        )
        if mode is Mode.REPORT:
            self.stdout.write("这是预览，没有写入。确认后加 --apply 写入。")
        elif report.is_applied and report.faults:
            self.stdout.write(f"只写入了正确的行；有错的 {report.faulty_rows:,} 行未写入，请改正后重新导入。")

    def tell_faults(self, report: Report, source: Source, kind: Kind, book: Path | None) -> None:
        self.stdout.write(
            f"错误 {len(report.faults):,} 处"
            + (f"，前 {FIRST_FAULTS} 处：" if len(report.faults) > FIRST_FAULTS else "：")
        )
        for fault in map(masked, with_values(report.faults[:FIRST_FAULTS], source, kind)):
            where = f"第{fault.line}行" + (f" {fault.heading}" if fault.heading else "")
            shown = f"“{fault.value}”" if fault.value else ""
            self.stdout.write(f"  {where}{shown}：{fault.reason}{fault.cure}")
        if book:
            write_workbook(with_values(report.faults, source, kind), book)
            self.stdout.write(f"全部错误已写入 {book}。")


def named_person(username: str | None) -> User | None:
    if not username:
        return None
    found = User.objects.filter(username=username, is_active=True).first()
    if found is None:
        raise CommandError(f"没有人员 {username}，或其账号已停用。")
    return found
