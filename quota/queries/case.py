"""One return for the federation's review: each person's year, with claim and evidence."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from design.law_words import translated
from design.templatetags.formats import cn_date, month_runs
from law.codes import EmploymentForm
from law.counting import (
    MONTHS,
    Claim,
    Reason,
    age_bounds,
    certificate_failure,
    contract_failure,
    month_failure,
    months_of_year,
)
from quota.models import (
    Certificate,
    Employer,
    HeadcountReturn,
    InsuranceMonth,
    Placement,
    PlacementCheck,
)
from quota.queries.claims import claim_of_placement
from quota.queries.month_strip import month_cells
from quota.queries.parameters import counting_rules

FOUR_INSURANCES = ("pension", "medical", "unemployment", "injury")
INSURANCES = {name: InsuranceMonth._meta.get_field(name).verbose_name for name in FOUR_INSURANCES}
RELATED_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class Worker:
    """A placement in the list of a case, and the same person's other placements of the year."""

    result: PlacementCheck
    certificate: Certificate | None
    cells: list[dict[str, Any]]
    others: list[PlacementCheck]

    @property
    def placement(self) -> Placement:
        return self.result.placement

    @property
    def computed(self) -> int:
        return sum(self.result.computed)

    @property
    def decided(self) -> int:
        return sum(self.result.decided)


@dataclass(frozen=True, slots=True)
class HeadTotals:
    """Person-months of a case: as claimed, as computed, as decided so far."""

    claimed: int
    computed: int
    decided: int

    @property
    def difference(self) -> int:
        return self.decided - self.computed


def case_workers(filed: HeadcountReturn) -> list[Worker]:
    """Everyone on the return, in two queries."""
    claimed = filed.employer.placements.filter(levy_year=filed.levy_year)
    everywhere = PlacementCheck.objects.filter(
        placement__levy_year=filed.levy_year, placement__person_key__in=claimed.values("person_key")
    )
    of_person: dict[UUID, list[PlacementCheck]] = {}
    for result in everywhere.select_related("placement__employer__region").order_by("placement__pk"):
        of_person.setdefault(result.placement.person_key, []).append(result)
    own = [r for rows in of_person.values() for r in rows if r.placement.employer_id == filed.employer_id]
    certificates = _certificates([result.placement for result in own])
    return [
        Worker(
            result,
            certificates.get(_certificate_key(result.placement)),
            month_cells(result),
            [other for other in of_person[result.placement.person_key] if other.pk != result.pk],
        )
        for result in sorted(own, key=lambda result: result.pk)
    ]


def _certificate_key(row: Placement | Certificate) -> tuple[str, UUID]:
    if isinstance(row, Certificate):
        return row.kind, row.number_key
    return row.certificate_kind, row.certificate_key


def _certificates(placements: list[Placement]) -> dict[tuple[str, UUID], Certificate]:
    found = Certificate.objects.filter(number_key__in=[row.certificate_key for row in placements]).order_by("pk")
    return {_certificate_key(certificate): certificate for certificate in found}


def lacks(people: list[Worker]) -> list[tuple[Placement, str]]:
    """The people with months that do not count, with the reasons in the words of the strip."""
    told = [
        (worker.placement, "；".join(f"{run.months}{run.reason}" for run in month_runs(worker.cells) if run.reason))
        for worker in people
    ]
    return [(person, words) for person, words in told if words]


def head_totals(filed: HeadcountReturn, people: list[Worker]) -> HeadTotals:
    return HeadTotals(filed.claimed_months, filed.computed_months, sum(worker.decided for worker in people))


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One thing the employer said, what the register says, and whether that fits: tone ok or warn, and a word."""

    topic: str
    claim: str
    evidence: str
    tone: str
    verdict: str


@dataclass(frozen=True, slots=True)
class MonthEvidence:
    """One month of one person. `wage` and `minimum` in yuan, None is no row; `decided` in person-months."""

    month: int
    wage: Decimal | None
    minimum: Decimal | None
    insurance: str
    reason: Reason
    tone: str
    decided: int

    @property
    def field_name(self) -> str:
        """The field of DecisionForm for this month."""
        return f"month_{self.month}"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The same person's months in another placement of the year."""

    employer: str
    months: str


@dataclass(frozen=True, slots=True)
class PersonEvidence:
    """Everything in the registers about one placement."""

    worker: Worker
    lines: list[CaseLine]
    months: list[MonthEvidence]
    elsewhere: list[Elsewhere]


def person_evidence(filed: HeadcountReturn, worker: Worker, reader: User) -> PersonEvidence:
    """The claim with its evidence, each line tested alone by the rules; in four queries."""
    claim = claim_of_placement(worker.placement)
    elsewhere = _elsewhere(worker, reader)
    lines = [
        _certificate_line(filed, worker, claim),
        _age_line(filed, worker, claim),
        _contract_line(worker, claim),
        _wage_line(filed, claim),
        _insurance_line(filed, claim),
        _rivals_line(elsewhere, worker),
    ]
    return PersonEvidence(worker, lines, _months(worker, claim, _insurance_of(claim, worker.placement)), elsewhere)


def _insurance_of(claim: Claim, placement: Placement) -> list[InsuranceMonth | None]:
    """The twelve months of insurance at this employer, to name the missing insurances of each."""
    rows = InsuranceMonth.objects.filter(
        employer=claim.employer, person_key=placement.person_key, month__year=placement.levy_year
    )
    by_month = {row.month.month: row for row in rows.order_by("month")}
    return [by_month.get(month) for month in range(1, MONTHS + 1)]


def _missing(row: InsuranceMonth) -> list[str]:
    return [str(label) for name, label in INSURANCES.items() if not getattr(row, name)]


def _months(worker: Worker, claim: Claim, insurance: list[InsuranceMonth | None]) -> list[MonthEvidence]:
    rows = []
    for index, code in enumerate(worker.result.reasons):
        reason = Reason(code)
        if reason is not Reason.OUTSIDE_CONTRACT:
            row = MonthEvidence(
                month=index + 1,
                wage=claim.wages[index],
                minimum=claim.minimum_wages[index],
                insurance=_insurance_words(insurance[index]),
                reason=reason,
                tone=_tone(reason),
                decided=worker.result.decided[index],
            )
            rows.append(row)
    return rows


def _tone(reason: Reason) -> str:
    if reason is Reason.COUNTED:
        return "ok"
    return "warn" if reason.is_lack_of_data or reason is Reason.TWO_EMPLOYERS else "bad"


def _insurance_words(row: InsuranceMonth | None) -> str:
    if row is None:
        return _("无数据")
    missing = _missing(row)
    return _("缺%(what)s") % {"what": _("、").join(missing)} if missing else _("齐")


def _line(topic: str, claim: str, evidence: str, *, fits: bool, verdict: str = "") -> CaseLine:
    return CaseLine(topic, claim, evidence, "ok" if fits else "warn", verdict or (_("一致") if fits else _("不符")))


def _certificate_line(filed: HeadcountReturn, worker: Worker, claim: Claim) -> CaseLine:
    certificate, said = worker.certificate, worker.placement.get_certificate_kind_display()
    failure = certificate_failure(claim)
    if certificate is None:
        return _line(_("证件"), said, translated(failure.label), fits=False)
    evidence = _("%(level)s级，%(state)s，有效期%(since)s至%(until)s；申报日%(filed)s") % {
        "level": certificate.level,
        "state": certificate.get_state_display(),
        "since": _day(certificate.valid_from),
        "until": _day(certificate.valid_until),
        "filed": _day(filed.filed_on),
    }
    if failure is Reason.CERTIFICATE_OTHER_NAME:
        named = _("；登记的姓名为%(name)s") % {"name": certificate.name}
        return _line(_("证件"), said, evidence + named, fits=False, verdict=_("须核实"))
    if certificate.person_key != worker.placement.person_key:
        return _line(_("证件"), said, evidence + _("；登记的是另一人"), fits=False, verdict=_("须核实"))
    return _line(_("证件"), said, evidence, fits=not failure)


def _age_line(filed: HeadcountReturn, worker: Worker, claim: Claim) -> CaseLine:
    born = {"year": claim.born.year, "month": claim.born.month}
    said = (_("女，%(year)s年%(month)s月出生") if claim.is_female else _("男，%(year)s年%(month)s月出生")) % born
    region = filed.employer.region_id
    youngest, oldest = age_bounds(claim, filed.levy_year, counting_rules([region], filed.levy_year)[region])
    outside = [month for month in _covered_months(filed, claim) if not youngest <= month <= oldest]
    if outside:
        words = _("%(months)s月不在就业年龄段内") % {"months": _listed(outside)}
        return _line(_("就业年龄"), said, words, fits=False)
    return _line(_("就业年龄"), said, _("由身份证号推算，未见不符"), fits=True)


def _contract_line(worker: Worker, claim: Claim) -> CaseLine:
    terms = _("%(form)s，%(since)s至%(until)s") if claim.contract_end else _("%(form)s，%(since)s起，无固定期限")
    said = terms % {
        "form": worker.placement.get_form_display(),
        "since": _day(claim.contract_start),
        "until": _day(claim.contract_end),
    }
    if failure := contract_failure(claim):
        return _line(_("用工形式"), said, translated(failure.label), fits=False)
    is_on_posts = claim.form == EmploymentForm.ESTABLISHMENT
    words = _("在编人员，不要求合同期限") if is_on_posts else _("期限满1年（含）")
    return _line(_("用工形式"), said, words, fits=True)


def _wage_line(filed: HeadcountReturn, claim: Claim) -> CaseLine:
    months = _covered_months(filed, claim)
    failed = {month: month_failure(claim.wages[month], claim.minimum_wages[month], True) for month in months}
    return _monthly_line(_("工资"), failed, _("均不低于最低工资标准"))


ENOUGH = Decimal(1)


def _insurance_line(filed: HeadcountReturn, claim: Claim) -> CaseLine:
    months = _covered_months(filed, claim)
    failed = {month: month_failure(ENOUGH, ENOUGH, claim.insured[month]) for month in months}
    return _monthly_line(_("社会保险"), failed, _("四险均足额缴纳"))


def _monthly_line(topic: str, failures: dict[int, Reason], praise: str) -> CaseLine:
    claim = _("合同期内%(count)s个月") % {"count": len(failures)}
    by_reason: dict[str, list[int]] = {}
    for month, reason in failures.items():
        if reason:
            by_reason.setdefault(translated(reason.label), []).append(month)
    if not by_reason:
        return _line(topic, claim, praise, fits=True)
    found = [
        _("%(months)s月%(reason)s") % {"months": _listed(months), "reason": label}
        for label, months in by_reason.items()
    ]
    told = _("；").join(found)
    return _line(topic, claim, told, fits=False)


def _covered_months(filed: HeadcountReturn, claim: Claim) -> range:
    return months_of_year(claim.contract_start, claim.contract_end, filed.levy_year)


def _listed(months: Iterable[int]) -> str:
    return _("、").join(str(month + 1) for month in months)


def _rivals_line(elsewhere: list[Elsewhere], worker: Worker) -> CaseLine:
    if not elsewhere:
        return _line(_("重复申报"), _("无"), _("本年度未见其他申报"), fits=True, verdict=_("未发现"))
    claims = [
        _("%(employer)s（%(months)s）") % {"employer": other.employer, "months": other.months} for other in elsewhere
    ]
    words = _("；").join(claims)
    fits = Reason.TWO_EMPLOYERS not in worker.result.reasons
    return _line(_("重复申报"), _("无"), words, fits=fits, verdict=_("不重叠") if fits else _("须认定"))


def _elsewhere(worker: Worker, reader: User) -> list[Elsewhere]:
    """Shows an employer outside the reader's regions by its region only."""
    others = worker.others[:RELATED_AT_MOST]
    return [Elsewhere(_named(other.placement.employer, reader), _covered(other.reasons)) for other in others]


def _named(employer: Employer, reader: User) -> str:
    if reader.can(Permission.VIEW_PERSONS, employer.region_id):
        return employer.name
    return _("%(region)s的另一单位") % {"region": employer.region}


def _covered(reasons: list[int]) -> str:
    months = [month for month, reason in enumerate(reasons, start=1) if reason != Reason.OUTSIDE_CONTRACT]
    if not months:
        return _("合同不在本年度")
    return _("%(first)s至%(last)s月") % {"first": months[0], "last": months[-1]}


def _day(day: date | None) -> str:
    return cn_date(day) if day else _("不限")
