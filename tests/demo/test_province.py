"""The filled province: realistic, with every kind of mistake, and without real persons."""

from collections import Counter

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from access.models import AccessChange
from accounts.identity import decrypt
from accounts.management.commands.load_regions import read_regions
from accounts.models import User
from accounts.permissions import Role
from collection.models import Payment
from demo.officers import EMPLOYER, OFFICES, PASSWORD, PEOPLE, person, sign_ins
from demo.places import DISTRICT, PROVINCE, TRIAL_PREFECTURE
from demo.units import CLOSED_YEARS, LEVY_YEARS, OPEN_YEAR
from disclosure.models import Publication, PublicationState
from exchange.models import FileState, ImportedFile
from exchange.queries import may_approve, waits_for_second_person
from law.codes import EntityType
from law.counting import Reason
from law.identifiers import check_identity_number, check_uscc
from levy.models import Assessment, AssessmentRun, RunState, Supersession
from quota.enums import ReturnState
from quota.models import (
    DispatchAgreement,
    DraftPlacement,
    Employer,
    HeadcountReturn,
    Placement,
    PlacementCheck,
    RegionalNumber,
)
from quota.services import settle_returns_in_force
from subsidies.models import Award, AwardState
from tests.demo.conftest import EMPLOYERS, Filled, schema_of_filled_tables

pytestmark = pytest.mark.usefixtures("filled")


def test_units_are_as_many_as_asked_for_and_of_all_types():
    types = Counter(Employer.objects.values_list("entity_type", flat=True))
    assert sum(types.values()) == EMPLOYERS
    assert set(types) == set(EntityType.values())
    assert types["enterprise"] > EMPLOYERS * 6 // 10


def test_most_units_are_small_and_some_are_large():
    staff = sorted(Employer.objects.exclude(registered_staff=None).values_list("registered_staff", flat=True))
    assert staff[len(staff) * 7 // 10] <= 30
    assert staff[-1] > 300


def test_units_lie_in_counties_of_the_province_and_bear_valid_codes():
    codes = read_regions(settings.BASE_DIR / "fixtures" / "regions.csv")
    for employer in Employer.objects.all():
        assert check_uscc(employer.uscc) == employer.uscc
        assert employer.region_id in codes
        assert employer.region_id[:2] == PROVINCE[:2]
        assert not employer.region_id.endswith("00")


def test_nobody_bears_an_identity_number_of_the_demo():
    assigned = read_regions(settings.BASE_DIR / "fixtures" / "regions.csv")
    placements = Placement.objects.all()
    assert placements.count() > 100
    for placement in placements:
        number = check_identity_number(decrypt(placement.identity_encrypted))
        assert number[:6] not in assigned


def test_invented_documents_are_marked():
    numbers = RegionalNumber.objects.values_list("document_number", flat=True)
    assert numbers
    assert all("〔示例〕" in number for number in numbers)


def test_returns_come_in_time_late_twice_and_not_at_all():
    for year in LEVY_YEARS:
        returns = HeadcountReturn.objects.filter(levy_year=year)
        assert returns.filter(is_late=False, is_in_force=True).exists()
        assert returns.filter(is_late=True).exists()
        assert returns.filter(state=ReturnState.REPLACED).exists()
        assert Employer.objects.exclude(returns__levy_year=year).exists()


def test_open_year_is_about_half_filed():
    filed = HeadcountReturn.objects.filter(levy_year=OPEN_YEAR, is_in_force=True).count()
    assert EMPLOYERS * 3 // 10 < filed < EMPLOYERS * 7 // 10


def test_returns_in_force_are_those_the_rules_say():
    before = list(HeadcountReturn.objects.order_by("pk").values_list("pk", "is_in_force", "is_late", "state"))
    employers = list(Employer.objects.values_list("pk", flat=True))
    for year in LEVY_YEARS:
        assert settle_returns_in_force(employer_ids=employers, levy_year=year) == []
    assert list(HeadcountReturn.objects.order_by("pk").values_list("pk", "is_in_force", "is_late", "state")) == before


def test_most_claimed_months_count_and_the_others_fail_in_many_ways():
    months = Counter(
        Reason(r) for reasons in PlacementCheck.objects.values_list("reasons", flat=True) for r in reasons
    )
    claimed = sum(months.values()) - months[Reason.OUTSIDE_CONTRACT]
    assert months[Reason.COUNTED] > claimed * 6 // 10
    assert {
        Reason.RETURN_LATE,
        Reason.CERTIFICATE_FROZEN,
        Reason.CERTIFICATE_EXPIRED,
        Reason.CONTRACT_TOO_SHORT,
        Reason.ABOVE_EMPLOYMENT_AGE,
        Reason.WAGE_BELOW_MINIMUM,
        Reason.INSURANCE_INCOMPLETE,
        Reason.TWO_EMPLOYERS,
    } <= set(months)


def test_agreements_move_months_to_hosts():
    assert DispatchAgreement.objects.filter(counts_at="host").exists()


def test_closed_years_are_handed_over_in_the_names_of_two():
    runs = AssessmentRun.objects.filter(levy_year__in=CLOSED_YEARS, is_correction=False)
    assert [run.state for run in runs] == [RunState.HANDED_OVER] * len(CLOSED_YEARS)
    for run in runs:
        assert run.checked_by != run.confirmed_by
        assert run.employer_count == EMPLOYERS
        assert run.payable_total > 0


def test_most_of_what_is_due_is_paid_and_some_is_not():
    for year in CLOSED_YEARS:
        due = {a.employer_id: a.payable for a in Assessment.objects.current().filter(levy_year=year, payable__gt=0)}
        paid: Counter[int] = Counter()
        for payment in Payment.objects.filter(levy_year=year):
            paid[payment.employer_id] += payment.amount
        assert set(paid) <= set(due)
        settled = sum(paid[employer] == amount for employer, amount in due.items())
        assert len(due) * 7 // 10 < settled < len(due)


@pytest.mark.parametrize("state", ReturnState.values)
def test_open_year_has_returns_in_every_state(state):
    assert HeadcountReturn.objects.filter(levy_year=OPEN_YEAR, state=state).exists()


def test_open_year_has_findings_late_returns_and_months_claimed_twice():
    waiting = HeadcountReturn.objects.filter(levy_year=OPEN_YEAR, state=ReturnState.CHECKED)
    assert waiting.filter(has_findings=True).exists()
    assert waiting.filter(has_findings=False, claimed_months__gt=0).exists()
    assert waiting.filter(employer__region=DISTRICT).exists()
    assert HeadcountReturn.objects.filter(levy_year=OPEN_YEAR, is_late=True, is_in_force=True).exists()
    twice = PlacementCheck.objects.filter(placement__levy_year=OPEN_YEAR, reasons__contains=[Reason.TWO_EMPLOYERS])
    assert twice.exists()


def test_open_year_has_months_decided_against_the_checks():
    decided = PlacementCheck.objects.exclude(decision_reason="")
    assert decided.exists()
    assert all(result.decided != result.computed and result.decision_note for result in decided)


def test_drafts_hold_the_people_that_stay():
    assert DraftPlacement.objects.filter(headcount_return__state=ReturnState.DRAFT).exists()


def test_trial_run_of_one_prefecture_waits_for_its_check():
    trial = AssessmentRun.objects.get(levy_year=OPEN_YEAR)
    assert (trial.state, trial.region_id) == (RunState.DRAFT, TRIAL_PREFECTURE)
    assert trial.payable_total > 0


def test_uploads_wait_with_their_faults():
    for kind in ("insurance", "payments"):
        file = ImportedFile.objects.get(kind=kind)
        assert file.state == FileState.CHECKED
        assert 0 < file.fault_count < file.read_rows
        assert file.sound_rows > 0


def test_new_parameter_waits_for_a_second_administrator():
    file = ImportedFile.objects.get(kind="parameters")
    assert (file.state, file.fault_count, file.new_rows) == (FileState.CHECKED, 0, 1)
    assert not may_approve(file, person("param1"))
    assert may_approve(file, person("param2"))


def test_payments_wait_for_a_second_tax_officer():
    file = ImportedFile.objects.get(kind="payments")
    assert waits_for_second_person(file, person("tax"))
    assert may_approve(file, person("tax2"))


def test_new_colleague_waits_for_a_second_administrator():
    change = AccessChange.objects.get()
    assert change.proposed_by == person("admin1", "taiyuan")
    assert not change.person.current_appointments


def test_awards_are_proposed_approved_paid_and_refused():
    assert set(Award.objects.values_list("state", flat=True)) == set(AwardState.values)
    assert Award.objects.filter(levy_year=CLOSED_YEARS[-1], state=AwardState.PROPOSED).exists()


def test_employer_account_acts_for_units_of_the_district():
    units = Employer.objects.filter(memberships__user__username=EMPLOYER)
    assert units.count() >= 3
    assert set(units.values_list("region_id", flat=True)) == {DISTRICT}


def test_every_role_has_people_at_every_level_who_can_sign_in(filled: Filled):
    users = User.objects.in_bulk(field_name="username")
    assert {sign_in.username for sign_in in sign_ins()} <= set(users)
    for sign_in in sign_ins():
        user = users[sign_in.username]
        assert user.check_password(PASSWORD)
        assert [(a.role, a.region_id) for a in user.current_appointments] == [(sign_in.role, sign_in.region)]
        assert sign_in.username in filled.printed
    assert PASSWORD in filled.printed
    assert len(sign_ins()) == len(OFFICES) * sum(map(len, PEOPLE.values())) + 2
    assert {*PEOPLE, Role.EMPLOYER} == set(Role)


def test_filled_database_is_not_filled_again():
    with pytest.raises(CommandError, match="只能装入空库"):
        call_command("demo")
    assert Employer.objects.count() == EMPLOYERS


def test_closed_years_are_published_by_two_and_an_update_waits_for_the_second():
    published = Publication.objects.filter(state=PublicationState.PUBLISHED)
    assert sorted(published.values_list("levy_year", flat=True)) == CLOSED_YEARS
    assert all(publication.prepared_by != publication.published_by for publication in published)
    assert Publication.objects.filter(levy_year=CLOSED_YEARS[-1], state=PublicationState.DRAFT).count() == 1


def test_one_correction_was_approved_and_one_waits():
    assert Supersession.objects.exclude(approved_at=None).count() == 1
    assert Supersession.objects.filter(approved_at=None).count() == 1


def test_keys_and_indexes_are_as_before(filled: Filled):
    assert schema_of_filled_tables() == filled.schema


def test_next_employer_gets_an_id_of_its_own():
    employer = Employer.objects.create(
        uscc="91140105MA0100004A", name="新单位", region_id="140105", entity_type="enterprise"
    )
    assert employer.pk > EMPLOYERS
    employer.delete()
