"""`manage.py renew_keys`: after a new key was put first, seal everything again under it (docs/deploy.md, New keys)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from operations import keys
from operations.roles import is_application


class Command(BaseCommand):
    help = "Seals identity numbers, second factors and kept files again under the newest key; may be repeated."

    def handle(self, *args: Any, **options: Any) -> None:
        if is_application():
            raise CommandError("须以数据库所有者的账号运行（docs/deploy.md, New keys），否则历史记录也会增加。")
        for model, columns in keys.sealed_columns().items():
            self._tell(str(model._meta.verbose_name), sum(keys.renew_rows(model, columns)))
        for model in keys.SEALED_FILES:
            self._tell(str(model._meta.verbose_name), sum(keys.renew_files(model)))

    def _tell(self, what: str, count: int) -> None:
        self.stdout.write(f"{what}：{count}")
