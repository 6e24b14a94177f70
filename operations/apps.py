from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from operations.roles import settle_rights


class OperationsConfig(AppConfig):
    name = "operations"
    verbose_name = _("运行维护")

    def ready(self) -> None:
        post_migrate.connect(settle_rights, sender=self)
