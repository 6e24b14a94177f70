from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LevyConfig(AppConfig):
    name = "levy"
    verbose_name = _("残保金核定与征收")
