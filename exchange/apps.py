from importlib import import_module

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule
from django.utils.translation import gettext_lazy as _


class ExchangeConfig(AppConfig):
    name = "exchange"
    verbose_name = _("数据文件")

    def ready(self) -> None:
        """Collect the kinds that the apps above declare in `kinds.FILE_KINDS`, the lowest floor first."""
        from exchange.kinds import declare

        for app in reversed(list(apps.get_app_configs())):
            if module_has_submodule(app.module, "kinds") and app.name != self.name:
                declare(getattr(import_module(f"{app.name}.kinds"), "FILE_KINDS", ()))
