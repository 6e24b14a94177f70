"""A claim that passes every test of the law, and functions that judge and count its months."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from law.codes import CertificateKind, CertificateState, EmploymentForm
from law.counting import (
    MONTHS,
    Agreement,
    CertificateFacts,
    Claim,
    CountingRules,
    Reason,
    count_person,
    judge,
)

YEAR = 2025
NATIONAL = CountingRules()
MINIMUM = Decimal("2050.00")
CERTIFICATE = CertificateFacts(
    CertificateKind.DISABLED_PERSON, 3, CertificateState.VALID, date(2020, 1, 1), date(2029, 12, 31)
)
CLAIM = Claim(
    key=1,
    employer="A",
    filed_on=date(2026, 5, 20),
    form=EmploymentForm.CONTRACT,
    contract_start=date(2024, 1, 1),
    contract_end=None,
    certificate=CERTIFICATE,
    born=date(1990, 6, 15),
    is_female=False,
    minimum_wages=(MINIMUM,) * MONTHS,
    wages=(MINIMUM,) * MONTHS,
    insured=(True,) * MONTHS,
)
AGREEMENT = Agreement(
    agency="A",
    host="H",
    starts=date(2025, 1, 1),
    ends=date(2025, 12, 31),
    host_counts=True,
    host_filed_on=date(2026, 4, 1),
)
ALL_COUNTED = (Reason.COUNTED,) * MONTHS


def judged(**changes) -> tuple[Reason, ...]:
    return judge(replace(CLAIM, **changes), YEAR, NATIONAL)


def certified(**changes) -> CertificateFacts:
    return replace(CERTIFICATE, **changes)


def counted(*claims: Claim, agreements: tuple[Agreement, ...] = (), rules: CountingRules = NATIONAL):
    return count_person(claims, agreements, YEAR, rules)
