"""`manage.py renew_keys`: after a new key was put first, put everything under it (docs/deploy.md, New keys)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.management.named import named_user
from operations import keys
from operations.roles import is_application
from quota.services import key_renewal


class Command(BaseCommand):
    help = "Seals again under the newest key, and renews look-up keys; may be stopped and repeated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--erase-left-over", action="store_true", help="删除无法换用新密钥的社保、工资记录")
        parser.add_argument("--as", dest="actor", help="办理人，删除时必填")

    def handle(self, *args: Any, erase_left_over: bool, actor: str | None, **options: Any) -> None:
        if is_application():
            raise CommandError("须以数据库所有者的账号运行（docs/deploy.md, New keys），否则历史记录也会增加。")
        eraser = named_user(actor or "") if erase_left_over else None
        for model, columns in keys.sealed_columns().items():
            self._tell(str(model._meta.verbose_name), sum(keys.renew_rows(model, columns)))
        for model in keys.SEALED_FILES:
            self._tell(str(model._meta.verbose_name), sum(keys.renew_files(model)))
        key_renewal.forget_notes()
        self._tell(_("认定书校验码"), sum(key_renewal.keep_printed_codes()))
        self._tell(_("查找键"), sum(key_renewal.renew_look_up_keys()))
        if eraser:
            key_renewal.announce_erasure(actor=eraser)
            self._tell(_("已删除"), sum(key_renewal.erase_left_over()))
        for left in key_renewal.left_over():
            self._tell(_("%(kind)s仍用旧密钥") % {"kind": left.model._meta.verbose_name}, left.rows, left.people)

    def _tell(self, what: str, count: int, people: int | None = None) -> None:
        of_people = "" if people is None else _("（%(people)s人）") % {"people": people}
        self.stdout.write(f"{what}：{count}{of_people}")
