"""The embedded province of `python3 run.py`: plain HTTP on this machine, everything else as in production."""

from config.settings.base import *  # noqa: F403
from config.settings.base import INSTALLED_APPS

INSTALLED_APPS = ["demo", *INSTALLED_APPS]
