"""`manage.py regional_setting CODE NAME VALUE --from DAY --document NUMBER --as A --second-as B`."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.management.named import named_region, named_user
from audit.errors import DomainError
from levy.services.parameter_changes import PARAMETERS, hold_parameters, propose_parameter


class Command(BaseCommand):
    help = "Enters a region's difference from the national rules (docs/rules.md), by two parameter administrators."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="行政区划代码")
        parser.add_argument("name", help="规则，见docs/rules.md")
        parser.add_argument("value", help="取值")
        parser.add_argument("--from", dest="valid_from", type=date.fromisoformat, required=True, help="生效日期")
        parser.add_argument("--until", dest="valid_until", type=date.fromisoformat, help="失效日期")
        parser.add_argument("--document", required=True, help="文号")
        parser.add_argument("--as", dest="first", required=True, help="录入的参数管理员")
        parser.add_argument("--second-as", dest="second", required=True, help="批准的参数管理员，须是另一人")

    @transaction.atomic
    def handle(self, *args: Any, code: str, name: str, value: str, **options: Any) -> None:
        try:
            hold_parameters(code)  # before the proposal takes the audit chain
            change = propose_parameter(
                region=named_region(code),
                name=name,
                value=value,
                valid_from=options["valid_from"],
                valid_until=options["valid_until"],
                document_number=options["document"],
                source=options["document"],
                actor=named_user(options["first"]),
            )
            row = PARAMETERS.approve(change, actor=named_user(options["second"]))
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        until = f"至{row.valid_until}" if row.valid_until else "起"
        self.stdout.write(f"{row.region}：{row.name} = {row.value}，{row.valid_from}{until}，{row.document_number}")
