from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class LevyConfig(AppConfig):
    name = "levy"
    verbose_name = _("残保金核定与征收")

    def ready(self) -> None:
        autodiscover_modules("beside")
