"""The embedded province of `python3 run.py`: plain HTTP on this machine, everything else as in production."""

from config.settings.base import *  # noqa: F403
