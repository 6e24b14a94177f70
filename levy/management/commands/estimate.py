"""`manage.py estimate < facts.json`: the calculator on the command line."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rest_framework.exceptions import ValidationError

from levy.queries.estimates import estimated


class Command(BaseCommand):
    help = "Reads a JSON object, or a list of them, from standard input and writes the levy with all its steps."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            payload = json.load(sys.stdin, parse_float=str)
        except ValueError as fault:
            raise CommandError(f"输入不是有效的JSON：{fault}") from None
        cases = payload if isinstance(payload, list) else [payload]
        results = [_estimate(case) for case in cases]
        json.dump(results if isinstance(payload, list) else results[0], sys.stdout, ensure_ascii=False, indent=2)
        self.stdout.write("")
        if any("fields" in result for result in results):
            raise CommandError("有输入不能计算，见各项的 fields。")


def _estimate(case: Any) -> dict[str, Any]:
    try:
        return estimated(case)
    except ValidationError as fault:
        return {"code": "invalid", "fields": fault.detail}
