"""manage.py load_programmes: enter the known reward formulas of regions; safe to repeat."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from subsidies.services.awards import load_programmes


class Command(BaseCommand):
    help = "录入各地已知的超比例奖励办法（待核对）；可重复执行。"

    def handle(self, *args: Any, **options: Any) -> None:
        new = load_programmes(path=Path(settings.BASE_DIR) / "fixtures" / "reward_programmes.toml", actor=None)
        self.stdout.write(f"奖励办法：新增{new}条。")
