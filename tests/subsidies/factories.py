"""Programmes in force, and the people who decide about rewards."""

from datetime import date
from decimal import Decimal

from accounts.models import User
from accounts.permissions import Role
from subsidies.models import Programme
from subsidies.services import awards as services
from tests.accounts.factories import RegionFactory, officer


def programme(*, is_approved: bool = True, **terms) -> Programme:
    """Hunan's formula, in Shanxi: any fraction above 1.5 % earns six minimum wages a head."""
    values = {
        "region": RegionFactory(code="140000"),
        "valid_from": date(2020, 1, 1),
        "document_number": "测试〔2020〕1号",
        "threshold_ratio": Decimal("0.015"),
        "whole_heads": False,
        "minimum_excess": Decimal(0),
        "severe_counts": 2,
        "basis": "minimum_wages",
        "rate": Decimal(6),
    } | terms
    created = Programme.objects.create(**values)
    if is_approved:
        created = services.PROGRAMMES.approve(
            created, actor=officer(Role.FINANCE_OFFICER, "140000"), reason="已与原文核对"
        )
    return created


def finance(region: str = "140000") -> User:
    return officer(Role.FINANCE_OFFICER, region)
