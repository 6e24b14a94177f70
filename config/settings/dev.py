"""The embedded province of `python3 run.py`: plain HTTP on this machine, everything else as in production."""

import os

from django.utils.translation import gettext_lazy as _

from config.settings.base import *  # noqa: F403
from config.settings.base import INSTALLED_APPS

INSTALLED_APPS = ["demo", *INSTALLED_APPS]
SECOND_FACTOR_REQUIRED = os.environ.get("LEVY_SECOND_FACTOR", "off") != "off"
ENVIRONMENT_NOTE = _("演示环境：单位、人员和数据均为虚构。")
