"""Counting heads: which person-months count for whom, with which weight, and why the others do not.

Nothing here rounds: a month weighs 0, 1 or 2. Officers' decisions are applied later, to the stored months.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from law.averaging import MONTHS
from law.codes import CertificateKind, CertificateState, EmploymentForm
from law.counting.filing import filed_in_time
from law.counting.periods import contract_is_one_year, employment_age, months_of_year
from law.counting.reasons import Reason
from law.counting.settings import CountingRules, DispatchMoves
from law.identifiers import stated_level
from law.words import Words as _

Key: TypeAlias = int | str
Reasons: TypeAlias = tuple[Reason, ...]
Weights: TypeAlias = tuple[int, ...]

_YEAR = range(MONTHS)


class AgreementsConflict(ValueError):
    """Two dispatch agreements name a host for one person and month: the data are at fault, nothing may be guessed."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """A certificate as the register holds it; the register's level rules, not the digit in the number.

    Both ends of the validity are included; None is open. `names_holder`: the name beside the number is the register's.
    """

    kind: CertificateKind
    level: int
    state: CertificateState
    valid_from: date | None
    valid_until: date | None
    names_holder: bool = True


@dataclass(frozen=True, slots=True)
class Claim:
    """One placement row with everything its test needs; the twelve-tuples run from January to December.

    `filed_on` is the date of the employer's return in force (None: no return); `certificate` None is not in the
    register; `minimum_wages` are those of the employer's place on the 1st of each month (None: unknown); `wages` the
    sum of the month's rows at this employer (None: no row); `insured` whether all four insurances were paid (None:
    no row).
    """

    key: Key
    employer: Key
    filed_on: date | None
    form: EmploymentForm
    contract_start: date
    contract_end: date | None
    certificate: CertificateFacts | None
    born: date
    is_female: bool
    minimum_wages: tuple[Decimal | None, ...]
    wages: tuple[Decimal | None, ...]
    insured: tuple[bool | None, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """A dispatch agreement over one person. `host_filed_on` is the date of the host's return in force, if any."""

    agency: Key
    host: Key
    starts: date
    ends: date | None
    host_counts: bool
    host_filed_on: date | None


@dataclass(frozen=True, slots=True)
class Transfer:
    """One counted month (0 to 11) that leaves an agency for a host.

    `weight` is what the agency gives up, `credited` what the host is given: 0 if it filed late or not at all.
    `staff` is the month of staff that goes along, 0 or 1.
    """

    host: Key
    month: int
    weight: int
    credited: int
    staff: int


@dataclass(frozen=True, slots=True)
class ClaimCount:
    """The result for one claim: a reason and a weight per month before transfers, and the transfers."""

    key: Key
    employer: Key
    reasons: Reasons
    weights: Weights
    transfers: tuple[Transfer, ...] = ()


_WEIGHTS = {
    (kind, level): 2 if level <= severe else 1
    for kind, severe, highest in ((CertificateKind.DISABLED_PERSON, 2, 4), (CertificateKind.DISABLED_SOLDIER, 3, 8))
    for level in range(1, highest + 1)
}


def weight(kind: CertificateKind, level: int) -> int:
    """Heads one person counts for: 2 for 残疾人证 level 1–2 and 残疾军人证 level 1–3, otherwise 1 (第七条第二款).

    0 for a level that does not count at all, such as 残疾军人证 level 9 (第四条).
    """
    return _WEIGHTS.get((kind, level), 0)


def judge(claim: Claim, levy_year: int, rules: CountingRules) -> Reasons:
    """Test one claim alone: for each month of the levy year the first test it fails, or COUNTED."""
    covered = months_of_year(claim.contract_start, claim.contract_end, levy_year)
    reasons = [Reason.OUTSIDE_CONTRACT] * MONTHS
    failure = _filing_failure(claim, levy_year, rules) or certificate_failure(claim) or contract_failure(claim)
    if failure:
        for month in covered:
            reasons[month] = failure
        return tuple(reasons)
    youngest, oldest = age_bounds(claim, levy_year, rules)
    for month in covered:
        if month < youngest:
            reasons[month] = Reason.BELOW_EMPLOYMENT_AGE
        elif month > oldest:
            reasons[month] = Reason.ABOVE_EMPLOYMENT_AGE
        else:
            reasons[month] = month_failure(claim.wages[month], claim.minimum_wages[month], claim.insured[month])
    return tuple(reasons)


def _filing_failure(claim: Claim, levy_year: int, rules: CountingRules) -> Reason:
    if claim.filed_on is None:
        return Reason.NO_RETURN
    if not filed_in_time(claim.filed_on, levy_year, rules):
        return Reason.RETURN_LATE
    return Reason.COUNTED


_STATE_FAILURES = {
    CertificateState.VALID: Reason.COUNTED,
    CertificateState.CANCELLED: Reason.CERTIFICATE_CANCELLED,
    CertificateState.FROZEN: Reason.CERTIFICATE_FROZEN,
}


def certificate_failure(claim: Claim) -> Reason:
    """Only the filing date matters: months before a certificate was issued count (残联厅函〔2022〕63号（二）)."""
    certificate, filed_on = claim.certificate, claim.filed_on
    if certificate is None or filed_on is None:
        return Reason.CERTIFICATE_UNKNOWN
    if not certificate.names_holder:
        return Reason.CERTIFICATE_OTHER_NAME
    if failure := _STATE_FAILURES[certificate.state]:
        return failure
    if certificate.valid_from is not None and filed_on < certificate.valid_from:
        return Reason.CERTIFICATE_NOT_YET_VALID
    if certificate.valid_until is not None and filed_on > certificate.valid_until:
        return Reason.CERTIFICATE_EXPIRED
    return Reason.COUNTED if weight(certificate.kind, certificate.level) else Reason.LEVEL_NOT_ELIGIBLE


def contract_failure(claim: Claim) -> Reason:
    """在编, or a contract of at least one year (第七条第一款)."""
    if claim.form == EmploymentForm.ESTABLISHMENT or contract_is_one_year(claim.contract_start, claim.contract_end):
        return Reason.COUNTED
    return Reason.CONTRACT_TOO_SHORT


def age_bounds(claim: Claim, levy_year: int, rules: CountingRules) -> tuple[int, int]:
    """The first and last month of employment age, counted from January of the levy year. 在编 has no bounds."""
    if claim.form == EmploymentForm.ESTABLISHMENT:
        return 0, MONTHS
    youngest, oldest = employment_age(claim.born, claim.is_female, rules.employment_age)
    january = levy_year * MONTHS
    return youngest - january, oldest - january


def month_failure(paid: Decimal | None, minimum: Decimal | None, insured: bool | None) -> Reason:
    """Wages of at least the minimum, then all four insurances (第七条第一款)."""
    if paid is None:
        return Reason.WAGE_NO_DATA
    if minimum is None:
        return Reason.MINIMUM_WAGE_UNKNOWN
    if paid < minimum:
        return Reason.WAGE_BELOW_MINIMUM
    if insured is None:
        return Reason.INSURANCE_NO_DATA
    return Reason.COUNTED if insured else Reason.INSURANCE_INCOMPLETE


def claim_weight(claim: Claim) -> int:
    """The weight of each month: the certificate's; 1 if it is unknown, of another name or not eligible."""
    certificate = claim.certificate
    if certificate is None or not certificate.names_holder:
        return 1
    return weight(certificate.kind, certificate.level) or 1


@dataclass(frozen=True, slots=True)
class StatedContract:
    """A contract in the employer's own words. Nothing of it comes from a register."""

    kind: CertificateKind
    number: str
    starts: date
    ends: date | None


def stated_weight(kind: CertificateKind, number: str) -> int:
    """The weight by the level that a checked 残疾人证 number names itself; 1 for a 残疾军人证, which names none."""
    return weight(kind, stated_level(number)) if kind == CertificateKind.DISABLED_PERSON else 1


def stated_months(contracts: Iterable[StatedContract], levy_year: int) -> Weights:
    """The weights an employer states for one person: per month the heaviest of its contracts, 0 outside them."""
    months = [0] * MONTHS
    for contract in contracts:
        stated = stated_weight(contract.kind, contract.number)
        for month in months_of_year(contract.starts, contract.ends, levy_year):
            months[month] = max(months[month], stated)
    return tuple(months)


def strip(rows: Sequence[Reasons]) -> Reasons:
    """One person's year at one employer in one line, from the rows of reasons.

    A month counts if a row counts it and is NOT_CLAIMED if no contract covers it; otherwise it shows the reason of the
    row that came furthest through the tests.
    """
    return tuple(_month_of_strip([row[month] for row in rows]) for month in _YEAR)


def _month_of_strip(reasons: list[Reason]) -> Reason:
    if Reason.COUNTED in reasons:
        return Reason.COUNTED
    covering = [reason for reason in reasons if reason is not Reason.OUTSIDE_CONTRACT]
    return max(covering, key=lambda reason: reason.place, default=Reason.NOT_CLAIMED)


def count_person(
    claims: Sequence[Claim],
    agreements: Sequence[Agreement],
    levy_year: int,
    rules: CountingRules | Sequence[CountingRules],
) -> list[ClaimCount]:
    """Count one person's months: every claim alone, then once per employer, at one employer only, then agreements.

    `claims` are all of this person's in the levy year, wherever they were made, each with a key of its own;
    `agreements` all that name the person. The order of either is irrelevant; the answer has the order of the claims.
    `rules` are those of every claim's place, or one set per claim where the places differ. Raises AgreementsConflict.
    """
    own = [rules] * len(claims) if isinstance(rules, CountingRules) else rules
    judged = [judge(claim, levy_year, place) for claim, place in zip(claims, own, strict=True)]
    if len(claims) > 1:
        judged = _settle_rivals(claims, judged)
    hosts = hosts_by_month(agreements, levy_year) if agreements else None
    return [
        _claim_count(claim, reasons, hosts, levy_year, place)
        for claim, reasons, place in zip(claims, judged, own, strict=True)
    ]


def _settle_rivals(claims: Sequence[Claim], alone: Iterable[Reasons]) -> list[Reasons]:
    """A month counts once per employer, in its best row; at two employers it counts at neither until decided."""
    judged = [list(reasons) for reasons in alone]
    best_first = sorted(range(len(claims)), key=lambda index: _preference(claims[index]))
    for month in _YEAR:
        winners: dict[Key, int] = {}
        for index in best_first:
            if judged[index][month] is Reason.COUNTED and winners.setdefault(claims[index].employer, index) != index:
                judged[index][month] = Reason.COUNTED_IN_ANOTHER_ROW
        if len(winners) > 1:
            for index in winners.values():
                judged[index][month] = Reason.TWO_EMPLOYERS
    return [tuple(reasons) for reasons in judged]


def _preference(claim: Claim) -> tuple[int, bool, date, Key]:
    """Of two rows of one employer and month the heavier counts, then own staff before dispatched, then the earlier."""
    return -claim_weight(claim), claim.form == EmploymentForm.DISPATCH, claim.contract_start, claim.key


def hosts_by_month(agreements: Iterable[Agreement], levy_year: int) -> tuple[Agreement | None, ...]:
    """For each month the agreement that names a host and is in force on at least one day of it.

    Raises AgreementsConflict if two do for one month.
    """
    hosts: list[Agreement | None] = [None] * MONTHS
    for agreement in agreements:
        if not agreement.host_counts:
            continue
        for month in months_of_year(agreement.starts, agreement.ends, levy_year):
            if hosts[month] is not None:
                figures = {"year": levy_year, "month": month + 1}
                raise AgreementsConflict(
                    _("%(year)s年%(month)s月有两份协议约定计入用工单位，须先更正其中一份。", **figures)
                )
            hosts[month] = agreement
    return tuple(hosts)


def _claim_count(
    claim: Claim,
    reasons: Reasons,
    hosts: tuple[Agreement | None, ...] | None,
    levy_year: int,
    rules: CountingRules,
) -> ClaimCount:
    counts_for = claim_weight(claim)
    weights = tuple([counts_for if reason is Reason.COUNTED else 0 for reason in reasons])
    if hosts is None or claim.form != EmploymentForm.DISPATCH:
        return ClaimCount(claim.key, claim.employer, reasons, weights)
    transfers = tuple(
        transfer(agreement, month, weights[month], levy_year, rules)
        for month, agreement in enumerate(hosts)
        if agreement is not None and weights[month] and agreement.agency == claim.employer
    )
    return ClaimCount(claim.key, claim.employer, reasons, weights, transfers)


def transfer(agreement: Agreement, month: int, month_weight: int, levy_year: int, rules: CountingRules) -> Transfer:
    """Move one counted month to the host (财政部公告2019年第98号第二条); also for months that an officer counted."""
    host_filed = filed_in_time(agreement.host_filed_on, levy_year, rules)
    staff = 1 if rules.dispatch is DispatchMoves.HEADS_AND_STAFF else 0
    return Transfer(agreement.host, month, month_weight, month_weight if host_filed else 0, staff)
