"""Awards from a confirmed year: proposals, decisions, and that no decided award changes."""

from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Region
from accounts.permissions import Role
from audit.errors import (
    PermissionMissing,
    ReasonMissing,
    SecondPersonNeeded,
    TransitionNotAllowed,
)
from audit.models import AuditEntry
from law.codes import CertificateKind, EmploymentForm
from law.support.rewards import RewardOutcome, reward
from quota.enums import NumberKind
from quota.models import DispatchTransfer, Employer, Placement, PlacementCheck
from subsidies.errors import ListChanged, ProgrammeNotInForce, ProgrammeUnchecked, YearNotConfirmed
from subsidies.models import Award, AwardState, Programme
from subsidies.services import awards as services
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory, regional_number, verified_year
from tests.subsidies.factories import finance, programme

pytestmark = pytest.mark.django_db


@pytest.fixture
def employer() -> Employer:
    """100 staff, 42 person-months: 24 above the ratio, 12,000.00 yuan a head at a minimum wage of 2,000.00."""
    generous = EmployerFactory()
    verified_year(generous, credited=42)
    regional_number(NumberKind.MINIMUM_WAGE, "2000")
    return generous


def severe_placement(employer: Employer, months: int) -> PlacementCheck:
    placement = Placement.objects.create(
        employer=employer,
        levy_year=2025,
        name="测试",
        person_key=f"00000000-0000-0000-0000-{employer.pk:012d}",
        identity_encrypted=b"",
        born_on=date(1990, 1, 1),
        is_female=False,
        certificate_kind=CertificateKind.DISABLED_PERSON,
        certificate_key=f"00000000-0000-0000-0000-{employer.pk:012d}",
        certificate_encrypted=b"",
        form=EmploymentForm.CONTRACT,
        contract_start=date(2024, 1, 1),
    )
    counted = [2] * months + [0] * (12 - months)
    return PlacementCheck.objects.create(
        placement=placement, weight=2, claimed_months=24, reasons=[0] * 12, computed=counted, decided=counted
    )


def test_an_employer_above_the_ratio_is_proposed_with_its_amount(employer):
    confirmed_run()
    actor = finance()
    assert services.compute_awards(programme=programme(), levy_year=2025, actor=actor) == 1
    award = Award.objects.get()
    assert (award.employer, award.amount, award.rewarded_months) == (employer, Decimal("24000.00"), Decimal(24))
    assert (award.state, award.proposed_by) == (AwardState.PROPOSED, actor)
    assert AuditEntry.objects.latest("id").details == {"levy_year": 2025, "awards": 1, "amount": "24000.00"}


def test_employers_at_the_ratio_or_of_another_province_get_nothing(employer):
    verified_year(EmployerFactory(), credited=18)
    elsewhere = EmployerFactory(region=RegionFactory(code="150102"))
    verified_year(elsewhere, credited=60)
    regional_number(NumberKind.REQUIRED_RATIO, "0.015", region="150000")
    regional_number(NumberKind.SOCIAL_AVERAGE_WAGE, "80000", region="150000")
    regional_number(NumberKind.REQUIRED_RATIO, "0.015")
    regional_number(NumberKind.SOCIAL_AVERAGE_WAGE, "80000")
    confirmed_run(region="150000")
    confirmed_run()
    services.compute_awards(programme=programme(), levy_year=2025, actor=finance())
    assert [award.employer for award in Award.objects.all()] == [employer]


def test_stored_figures_are_those_the_rule_gives_again(employer):
    confirmed_run()
    services.compute_awards(programme=programme(), levy_year=2025, actor=finance())
    award = Award.objects.get()
    again = reward(award.facts, award.programme.terms)
    assert (again.outcome, again.amount) == (RewardOutcome.REWARDED, award.amount)


def test_severe_cases_count_once_where_the_formula_says_so():
    """Twelve months of weight 2 and 30 credited: 24 by weight from one person, who is 12 head-months."""
    employer = EmployerFactory()
    verified_year(employer, staff=20, credited=24)
    severe_placement(employer, 12)
    regional_number(NumberKind.MINIMUM_WAGE, "2000")
    confirmed_run()
    services.compute_awards(programme=programme(severe_counts=1), levy_year=2025, actor=finance())
    award = Award.objects.get()
    assert award.head_months == 12
    assert award.rewarded_months == Decimal("8.4")  # 12 − 20 × 12 × 1.5 %


def test_head_months_follow_a_dispatch_agreement_to_the_host():
    agency, host = EmployerFactory(), EmployerFactory()
    verified_year(agency, staff=20, credited=24)
    verified_year(host, staff=20, credited=0)
    check = severe_placement(agency, 12)
    DispatchTransfer.objects.create(
        placement=check.placement,
        levy_year=2025,
        agency=agency,
        host=host,
        weight_months=18,
        credited_months=18,
        staff_months=9,
    )
    regional_number(NumberKind.MINIMUM_WAGE, "2000")
    confirmed_run()
    services.compute_awards(programme=programme(severe_counts=1), levy_year=2025, actor=finance())
    assert {award.employer_id: award.head_months for award in Award.objects.all()} == {host.pk: 9}
    # 3 months stay with the agency, less than the 3.465 that its remaining 231 months of staff call for.


def test_head_months_are_not_moved_before_the_agency_is_verified():
    """The host has 24 person-months of its own from one severe case; an unverified agency's months add nothing."""
    agency, host = EmployerFactory(), EmployerFactory()
    verified_year(host, staff=20, credited=24)
    severe_placement(host, 12)
    check = severe_placement(agency, 12)
    DispatchTransfer.objects.create(
        placement=check.placement,
        levy_year=2025,
        agency=agency,
        host=host,
        weight_months=18,
        credited_months=18,
        staff_months=9,
    )
    regional_number(NumberKind.MINIMUM_WAGE, "2000")
    confirmed_run()
    services.compute_awards(programme=programme(severe_counts=1), levy_year=2025, actor=finance())
    assert {award.employer_id: award.head_months for award in Award.objects.all()} == {host.pk: 12}


def test_the_minimum_wage_is_the_nearest_regions_on_the_last_day_of_the_year(employer):
    regional_number(NumberKind.MINIMUM_WAGE, "2150", region="140105", since="2025-07-01")
    regional_number(NumberKind.MINIMUM_WAGE, "2500", region="140100", since="2026-01-01")
    confirmed_run()
    services.compute_awards(programme=programme(), levy_year=2025, actor=finance())
    assert Award.objects.get().minimum_wage == Decimal("2150")


def test_computing_again_replaces_proposals_and_leaves_decisions_alone(employer):
    other = EmployerFactory()
    verified_year(other, credited=42)
    confirmed_run()
    rule, actor = programme(), finance()
    services.compute_awards(programme=rule, levy_year=2025, actor=actor)
    decided = services.AWARDS.approve(Award.objects.get(employer=employer), actor=finance())
    undecided = Award.objects.get(employer=other)
    assert services.compute_awards(programme=rule, levy_year=2025, actor=actor) == 1
    assert Award.objects.get(employer=employer) == decided
    assert Award.objects.get(employer=other).pk != undecided.pk


def test_years_already_granted_count_towards_the_limit(employer):
    for levy_year in (2024,):
        verified_year(employer, levy_year=levy_year, credited=42)
        confirmed_run(levy_year)
    confirmed_run()
    rule = programme(maximum_years=1)
    services.compute_awards(programme=rule, levy_year=2024, actor=finance())
    services.AWARDS.approve(Award.objects.get(levy_year=2024), actor=finance())
    assert services.compute_awards(programme=rule, levy_year=2025, actor=finance()) == 0


def test_the_number_of_statements_does_not_grow_with_employers(employer):
    rule, actor = programme(), finance()
    confirmed_run()
    with CaptureQueriesContext(connection) as few:
        services.compute_awards(programme=rule, levy_year=2025, actor=actor)
    for _ in range(19):
        verified_year(EmployerFactory(region=RegionFactory(code="150102")), credited=42)
    regional_number(NumberKind.REQUIRED_RATIO, "0.015", region="150000")
    regional_number(NumberKind.SOCIAL_AVERAGE_WAGE, "80000", region="150000")
    regional_number(NumberKind.MINIMUM_WAGE, "2000", region="150000")
    confirmed_run(region="150000")
    wide = programme(region=RegionFactory(code="150000"), is_approved=False)
    services.PROGRAMMES.approve(wide, actor=finance("150000"), reason="已核对")
    actor = finance("150000")
    with CaptureQueriesContext(connection) as many:
        assert services.compute_awards(programme=wide, levy_year=2025, actor=actor) == 19
    assert len(many) == len(few)


def test_an_unchecked_programme_computes_nothing(employer):
    confirmed_run()
    with pytest.raises(ProgrammeUnchecked):
        services.compute_awards(programme=programme(is_approved=False), levy_year=2025, actor=finance())


def test_a_programme_must_be_in_force_on_the_last_day_of_the_year(employer):
    confirmed_run()
    rule = programme(valid_from=date(2024, 1, 1), valid_until=date(2025, 12, 30))
    with pytest.raises(ProgrammeNotInForce):
        services.compute_awards(programme=rule, levy_year=2025, actor=finance())


def test_an_unconfirmed_year_computes_nothing(employer):
    with pytest.raises(YearNotConfirmed):
        services.compute_awards(programme=programme(), levy_year=2025, actor=finance())


def test_only_finance_of_the_programmes_region_computes(employer):
    confirmed_run()
    rule = programme()
    for stranger in (officer(Role.LEVY_OFFICER, "140000"), finance("150000"), finance("140100")):
        with pytest.raises(PermissionMissing):
            services.compute_awards(programme=rule, levy_year=2025, actor=stranger)


@pytest.fixture
def award(employer) -> Award:
    confirmed_run()
    services.compute_awards(programme=programme(), levy_year=2025, actor=finance())
    return Award.objects.select_related("proposed_by").get()


def test_whoever_computed_an_award_does_not_decide_it(award):
    with pytest.raises(SecondPersonNeeded):
        services.AWARDS.approve(award, actor=award.proposed_by)
    with pytest.raises(SecondPersonNeeded):
        services.AWARDS.reject(award, actor=award.proposed_by, reason="材料不实")


def test_an_award_is_approved_and_then_paid(award):
    services.AWARDS.approve(award, actor=finance())
    paid = services.pay_award(award, actor=finance("140105"))
    assert paid.state == AwardState.PAID
    assert list(
        AuditEntry.objects.filter(object_type="subsidies.award", object_id=str(award.pk))
        .order_by("id")
        .values_list("action", flat=True)
    ) == [
        "subsidies.award.approve",
        "subsidies.award.pay",
    ]


def test_an_award_is_not_paid_before_approval(award):
    with pytest.raises(TransitionNotAllowed):
        services.pay_award(award, actor=finance())


def test_refusing_needs_a_reason(award):
    with pytest.raises(ReasonMissing):
        services.AWARDS.reject(award, actor=finance(), reason=" ")
    assert services.AWARDS.reject(award, actor=finance(), reason="单位已注销").state == AwardState.REFUSED


def test_a_list_is_approved_as_it_was_shown_or_not_at_all(employer):
    verified_year(EmployerFactory(), credited=42)
    confirmed_run()
    rule = programme()
    services.compute_awards(programme=rule, levy_year=2025, actor=finance())
    shown = {"programme": rule, "levy_year": 2025, "count": 2, "amount": Decimal("48000.00")}
    services.AWARDS.reject(Award.objects.first(), actor=finance(), reason="单位已注销")
    with pytest.raises(ListChanged):
        services.approve_proposed(**shown, actor=finance())
    assert Award.objects.filter(state=AwardState.PROPOSED).count() == 1
    shown |= {"count": 1, "amount": Decimal("24000.00")}
    with pytest.raises(SecondPersonNeeded):
        services.approve_proposed(**shown, actor=Award.objects.first().proposed_by)
    assert services.approve_proposed(**shown, actor=finance()) == 1
    assert Award.objects.filter(state=AwardState.APPROVED).count() == 1


def test_the_database_refuses_to_change_an_awards_figures(award):
    with pytest.raises(DatabaseError), transaction.atomic():
        Award.objects.filter(pk=award.pk).update(amount=Decimal("99999.00"))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE subsidies_award SET staff_months = 1")


def test_the_database_refuses_to_delete_a_decided_award(award):
    services.AWARDS.approve(award, actor=finance())
    with pytest.raises(DatabaseError), transaction.atomic():
        Award.objects.filter(pk=award.pk).delete()


def test_the_database_refuses_one_person_in_both_roles(award):
    with pytest.raises(DatabaseError), transaction.atomic():
        Award.objects.filter(pk=award.pk).update(
            state="approved", approved_by=award.proposed_by, approved_at=award.proposed_at
        )


def test_terms_of_a_programme_never_change(employer):
    rule = programme(is_approved=False)
    with pytest.raises(DatabaseError), transaction.atomic():
        Programme.objects.filter(pk=rule.pk).update(rate=Decimal(7))


def test_a_programme_is_not_approved_by_who_entered_it():
    actor = finance()
    rule = programme(is_approved=False, entered_by=actor)
    with pytest.raises(SecondPersonNeeded):
        services.PROGRAMMES.approve(rule, actor=actor, reason="已核对")
    with pytest.raises(ReasonMissing):
        services.PROGRAMMES.approve(rule, actor=finance(), reason="")
    approved = services.PROGRAMMES.approve(rule, actor=finance(), reason="按月计发，已与原文核对")
    with pytest.raises(TransitionNotAllowed):
        services.PROGRAMMES.approve(approved, actor=finance(), reason="再次核对")


def test_shipped_programmes_load_once_and_wait_for_checking(capsys):
    Region.objects.bulk_create(
        Region(code=code, name=code, level=1)
        for code in ("140000", "150000", "430000", "460000", "640000", "520000", "120000", "440300", "320200")
    )
    call_command("load_programmes")
    call_command("load_programmes")
    assert capsys.readouterr().out == "奖励办法：新增9条。\n奖励办法：新增0条。\n"
    assert not Programme.objects.exclude(approved_by=None).exists()
    assert not Programme.objects.filter(open_question="").exists()
    path = settings.BASE_DIR / "fixtures" / "reward_programmes.toml"
    assert services.load_programmes(path=path, actor=None) == 0
