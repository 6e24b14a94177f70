"""What an employer claims in a return that it has not filed yet: person-months by the register's levels, before any
check. The same rule gives 申报人月 once the return is filed."""

from collections import defaultdict

from law.codes import CertificateKind, CertificateState, EmploymentForm
from law.counting import MONTHS, CertificateFacts, Claim, claimed_months
from quota.models import Certificate, DraftPlacement, HeadcountReturn


def claimed_in_draft(draft: HeadcountReturn) -> int:
    """Person-months of everybody on the draft, in two queries. A certificate that nobody registered claims one a
    month."""
    rows = list(draft.draft_placements.all())
    found = Certificate.objects.filter(number_key__in=[row.certificate_key for row in rows])
    certificates = {(row.kind, row.number_key): row for row in found}
    people: dict[object, list[Claim]] = defaultdict(list)
    for row in rows:
        certificate = certificates.get((row.certificate_kind, row.certificate_key))
        people[row.person_key].append(_claim(row, draft, certificate))
    return sum(sum(claimed_months(claims, draft.levy_year)) for claims in people.values())


def _claim(row: DraftPlacement, draft: HeadcountReturn, certificate: Certificate | None) -> Claim:
    return Claim(
        key=row.pk,
        employer=draft.employer_id,
        filed_on=None,
        form=EmploymentForm(row.form),
        contract_start=row.contract_start,
        contract_end=row.contract_end,
        certificate=certificate and _facts(certificate),
        born=row.born_on,
        is_female=row.is_female,
        minimum_wages=(None,) * MONTHS,
        wages=(None,) * MONTHS,
        insured=(None,) * MONTHS,
    )


def _facts(certificate: Certificate) -> CertificateFacts:
    return CertificateFacts(
        CertificateKind(certificate.kind),
        certificate.level,
        CertificateState(certificate.state),
        certificate.valid_from,
        certificate.valid_until,
    )
