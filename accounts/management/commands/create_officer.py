"""`manage.py create_officer NAME --role ROLE --region CODE`: a person with an appointment."""

from argparse import ArgumentParser
from secrets import token_urlsafe
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.forms import tidied_number
from accounts.management.named import named_region
from accounts.models import User
from accounts.permissions import Role
from accounts.services import create_officer
from audit.errors import DomainError


class Command(BaseCommand):
    help = "Makes a person with an appointment; prints the first password once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--region", required=True)
        parser.add_argument("--personnel-number", type=tidied_number, default="", help="人员编号，一人一号")

    def handle(self, *args: Any, name: str, role: str, region: str, personnel_number: str, **options: Any) -> None:
        place = named_region(region)
        is_new = not User.objects.filter(username=name).exists()
        password = token_urlsafe(12)
        try:
            create_officer(
                username=name, role=Role(role), region=place, password=password, personnel_number=personnel_number
            )
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"{name}：{Role(role).label}，{place.name}（{place.code}）")
        if is_new:
            self.stdout.write(f"初始密码：{password}")
