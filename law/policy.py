"""The national numbers of the levy, one entry per levy year. Years are listed, never inherited.

Levy year Y is filed in Y + 1: a rule applies to the levy years whose filing year is within its dates. An unlisted year
raises PolicyYearMissing, so a lapsed concession cannot carry on silently.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from law.words import Words as _

T = TypeVar("T")


class Outcome(StrEnum):
    """结果: what an assessment comes to."""

    MET = "met"
    EXEMPT = "exempt"
    HALF = "half"
    NINETY = "ninety"
    FULL = "full"
    MISSING = "missing"
    NOT_LIABLE = "not_liable"

    @property
    def label(self) -> str:
        """The official Chinese word."""
        return _OUTCOME_LABELS[self]


_OUTCOME_LABELS = {
    Outcome.MET: _("已达比例"),
    Outcome.EXEMPT: _("免征"),
    Outcome.HALF: _("减半"),
    Outcome.NINETY: _("九折"),
    Outcome.FULL: _("全额"),
    Outcome.MISSING: _("资料缺失"),
    Outcome.NOT_LIABLE: _("非征收对象"),
}


class PolicyYearMissing(LookupError):
    """No national rules are listed for a levy year."""


@dataclass(frozen=True, slots=True)
class Cited(Generic[T]):
    """A value and the text it comes from."""

    value: T
    citation: str


@dataclass(frozen=True, slots=True)
class Tier:
    """From this share of credited heads in staff (含), this share of the amount is relieved."""

    at_least: Decimal
    relief: Decimal
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class SmallEnterprise:
    """Enterprises of at most so many staff are exempt, for so many years from registration (None: without end)."""

    staff_limit: int
    years: int | None


@dataclass(frozen=True, slots=True)
class PolicyYear:
    """The national rules of one levy year. `revision` rises when an entry is corrected, so that versions differ."""

    levy_year: int
    ratio_floor: Cited[Decimal]
    wage_cap_multiple: Cited[Decimal | None]
    tiers: Cited[tuple[Tier, ...]]
    small_enterprise: Cited[SmallEnterprise]
    surcharge_daily_rate: Cited[Decimal]
    deferral_months_limit: Cited[int]
    reduction_years_limit: Cited[int]
    revision: int = 1

    @property
    def version(self) -> str:
        """The name of these rules in lists and notices, such as 全国2025-1."""
        return f"全国{self.levy_year}-{self.revision}"


RATIO_FLOOR = Cited(Decimal("0.015"), "财税〔2015〕72号第六条")
SURCHARGE = Cited(Decimal("0.005"), "财税〔2015〕72号第二十六条")
DEFERRAL = Cited(6, "财税〔2015〕72号第十七条")
REDUCTION = Cited(1, "财税〔2015〕72号第十七条")

NO_CAP: Cited[Decimal | None] = Cited(None, "财税〔2015〕72号第八条第一款")
THREE_TIMES: Cited[Decimal | None] = Cited(Decimal(3), "财税〔2017〕18号第二条")
TWICE_FROM_2018: Cited[Decimal | None] = Cited(Decimal(2), "财税〔2018〕39号")
TWICE_FROM_2020: Cited[Decimal | None] = Cited(Decimal(2), "财政部公告2019年第98号第一条")

NO_TIERS: Cited[tuple[Tier, ...]] = Cited((), "财税〔2015〕72号第八条第一款")
_HALF_OR_NINETY: tuple[Tier, ...] = (
    Tier(at_least=Decimal("0.01"), relief=Decimal("0.5"), outcome=Outcome.HALF),
    Tier(at_least=Decimal(0), relief=Decimal("0.1"), outcome=Outcome.NINETY),
)
TIERS_OF_2020 = Cited(_HALF_OR_NINETY, "财政部公告2019年第98号第三条")
TIERS_OF_2023 = Cited(_HALF_OR_NINETY, "财政部公告2023年第8号第一条")

TWENTY_FOR_THREE_YEARS = Cited(SmallEnterprise(staff_limit=20, years=3), "财税〔2015〕72号第十六条")
THIRTY_FOR_THREE_YEARS = Cited(SmallEnterprise(staff_limit=30, years=3), "财税〔2017〕18号第一条")
THIRTY_OF_2020 = Cited(SmallEnterprise(staff_limit=30, years=None), "财政部公告2019年第98号第四条")
THIRTY_OF_2023 = Cited(SmallEnterprise(staff_limit=30, years=None), "财政部公告2023年第8号第二条")


def _year(
    levy_year: int,
    wage_cap_multiple: Cited[Decimal | None],
    tiers: Cited[tuple[Tier, ...]],
    small_enterprise: Cited[SmallEnterprise],
) -> PolicyYear:
    """An entry with the four numbers of 财税〔2015〕72号 that no later text has touched."""
    return PolicyYear(
        levy_year=levy_year,
        ratio_floor=RATIO_FLOOR,
        wage_cap_multiple=wage_cap_multiple,
        tiers=tiers,
        small_enterprise=small_enterprise,
        surcharge_daily_rate=SURCHARGE,
        deferral_months_limit=DEFERRAL,
        reduction_years_limit=REDUCTION,
    )


POLICY_YEARS: dict[int, PolicyYear] = {
    2015: _year(2015, NO_CAP, NO_TIERS, TWENTY_FOR_THREE_YEARS),
    2016: _year(2016, THREE_TIMES, NO_TIERS, THIRTY_FOR_THREE_YEARS),
    2017: _year(2017, TWICE_FROM_2018, NO_TIERS, THIRTY_FOR_THREE_YEARS),
    2018: _year(2018, TWICE_FROM_2018, NO_TIERS, THIRTY_FOR_THREE_YEARS),
    2019: _year(2019, TWICE_FROM_2020, TIERS_OF_2020, THIRTY_OF_2020),
    2020: _year(2020, TWICE_FROM_2020, TIERS_OF_2020, THIRTY_OF_2020),
    2021: _year(2021, TWICE_FROM_2020, TIERS_OF_2020, THIRTY_OF_2020),
    2022: _year(2022, TWICE_FROM_2020, TIERS_OF_2023, THIRTY_OF_2023),
    2023: _year(2023, TWICE_FROM_2020, TIERS_OF_2023, THIRTY_OF_2023),
    2024: _year(2024, TWICE_FROM_2020, TIERS_OF_2023, THIRTY_OF_2023),
    2025: _year(2025, TWICE_FROM_2020, TIERS_OF_2023, THIRTY_OF_2023),
    2026: _year(2026, TWICE_FROM_2020, TIERS_OF_2023, THIRTY_OF_2023),
}


def policy_year(levy_year: int) -> PolicyYear:
    """The national rules of a levy year. Raises PolicyYearMissing if none are listed."""
    try:
        return POLICY_YEARS[levy_year]
    except KeyError:
        fault = _("费款所属年度%(year)s年没有登记国家规则，不能计算。", year=levy_year)
        raise PolicyYearMissing(fault) from None
