"""Deciding awards: their basis, one by one and as a list, and the records they leave."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.permissions import Role
from audit.errors import PermissionMissing, ReasonMissing, TransitionNotAllowed
from audit.models import AuditEntry
from design.templatetags.formats import cn_time
from levy.services import corrections
from quota.enums import NumberKind
from quota.models import Employer, VerifiedHeadcount
from subsidies.errors import AssessmentReplaced
from subsidies.models import Award, AwardState, Programme
from subsidies.services import awards as services
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory, regional_number, verified_year
from tests.reading import text_of
from tests.steps import take_step
from tests.subsidies.factories import finance, programme

pytestmark = pytest.mark.django_db
COUNTY = "140105"


@pytest.fixture
def rule() -> Programme:
    """Two employers of one county are proposed with 24,000.00 yuan each."""
    RegionFactory(code="140000")
    for _ in range(2):
        verified_year(EmployerFactory(region=RegionFactory(code=COUNTY)), credited=42)
    regional_number(NumberKind.MINIMUM_WAGE, "2000")
    confirmed_run()
    found = programme()
    services.compute_awards(programme=found, levy_year=2025, actor=finance())
    return found


def correct(employer: Employer, credited: int) -> None:
    """An audit finds other person-months, and two people correct the assessment."""
    VerifiedHeadcount.objects.filter(employer=employer).update(credited_months=credited)
    first, second = (officer(Role.LEVY_OFFICER, COUNTY) for _ in range(2))
    found = corrections.propose_correction(
        assessment=employer.assessments.get(), ground="audit", reason="检查发现", actor=first
    )
    corrections.CORRECTIONS.approve(found, actor=second)


def test_an_award_on_a_corrected_assessment_is_not_approved(rule):
    award = Award.objects.first()
    correct(award.employer, 0)
    with pytest.raises(AssessmentReplaced, match="重新计算"):
        services.AWARDS.approve(award, actor=finance())
    assert Award.objects.get(pk=award.pk).state == AwardState.PROPOSED


def test_a_correction_that_waits_stops_no_award(rule):
    award = Award.objects.first()
    VerifiedHeadcount.objects.filter(employer=award.employer).update(credited_months=0)
    corrections.propose_correction(
        assessment=award.assessment, ground="audit", reason="检查发现", actor=officer(Role.LEVY_OFFICER, COUNTY)
    )
    assert services.AWARDS.approve(award, actor=finance()).state == AwardState.APPROVED


def test_an_award_approved_before_the_correction_is_withdrawn_and_computed_anew(rule):
    award, other = Award.objects.order_by("pk")
    services.AWARDS.approve(award, actor=finance())
    services.AWARDS.approve(other, actor=finance())
    correct(award.employer, 30)
    correct(other.employer, 0)
    for stale in (award, other):
        with pytest.raises(AssessmentReplaced, match="撤销批准"):
            services.pay_award(stale, actor=finance())
        services.withdraw_award(stale, actor=finance(), reason="核定结果已更正")
    assert services.compute_awards(programme=rule, levy_year=2025, actor=finance()) == 1
    anew = Award.objects.get()
    assert (anew.employer, anew.amount) == (award.employer, Decimal("12000.00"))
    services.AWARDS.approve(anew, actor=finance())
    assert services.pay_award(anew, actor=finance()).state == AwardState.PAID


def test_an_approval_is_withdrawn_with_a_reason_by_who_may_and_before_it_is_paid(rule):
    award = Award.objects.first()
    with pytest.raises(TransitionNotAllowed):
        services.withdraw_award(award, actor=finance(), reason="误批")
    services.AWARDS.approve(award, actor=finance())
    with pytest.raises(ReasonMissing):
        services.withdraw_award(award, actor=finance(), reason="")
    with pytest.raises(PermissionMissing):
        services.withdraw_award(award, actor=finance("150000"), reason="误批")
    services.pay_award(award, actor=finance())
    with pytest.raises(TransitionNotAllowed):
        services.withdraw_award(award, actor=finance(), reason="误批")


def test_the_page_of_a_stale_award_says_so_and_offers_the_way_back(client, rule):
    award = Award.objects.first()
    client.force_login(finance())
    assert "核定结果已更正" not in text_of(client.get(award.get_absolute_url()))
    take_step(client, reverse("subsidies:award_step", args=[award.pk, "approve"]))
    correct(award.employer, 0)
    page = client.get(award.get_absolute_url())
    assert "所依据的核定结果已更正" in text_of(page)
    assert [name for name, _button in page.context["steps"]] == ["withdraw"]
    assert "已更正，不能批准或拨付" in text_of(
        take_step(client, reverse("subsidies:award_step", args=[award.pk, "pay"]), follow=True)
    )
    withdraw = reverse("subsidies:award_step", args=[award.pk, "withdraw"])
    assert "错误：" in text_of(client.post(withdraw, {"reason": ""}))
    page = client.post(withdraw, {"reason": "核定结果已更正，重新计算"}, follow=True)
    assert "核定结果已更正，重新计算" in text_of(page)
    assert [name for name, _button in page.context["steps"]] == ["refuse"]


def test_a_list_leaves_stale_awards_out_and_says_how_many(client, rule):
    stale, sound = Award.objects.order_by("pk")
    correct(stale.employer, 0)
    client.force_login(finance())
    approve = reverse("subsidies:programme_approve", args=[rule.pk, 2025])
    page = text_of(client.get(approve))
    assert "另有1户不在此次批准之内" in page
    assert "24,000.00元" in page
    assert "已批准1户" in text_of(client.post(approve, {"count": "1", "amount": "24000.00"}, follow=True))
    states = {award.pk: award.state for award in Award.objects.all()}
    assert states == {stale.pk: AwardState.PROPOSED, sound.pk: AwardState.APPROVED}


def test_a_list_is_approved_in_as_many_statements_for_many_as_for_few(rule):
    def cost(levy_year: int, count: int) -> int:
        services.compute_awards(programme=rule, levy_year=levy_year, actor=finance())
        actor, amount = finance(), count * Decimal("24000.00")
        with CaptureQueriesContext(connection) as captured:
            services.approve_proposed(programme=rule, levy_year=levy_year, count=count, amount=amount, actor=actor)
        assert "audit_auditentry" in captured[-2]["sql"]  # the chain is held from here to the commit
        return len(captured)

    few = cost(2025, 2)
    for _ in range(18):
        EmployerFactory(region=RegionFactory(code=COUNTY))
    for employer in Employer.objects.all():
        verified_year(employer, levy_year=2024, credited=42)
    confirmed_run(2024)
    assert cost(2024, 20) == few


def test_a_list_leaves_one_entry_and_each_award_tells_who_approved_it(client, rule):
    actor = finance()
    shown = {"count": 2, "amount": Decimal("48000.00")}
    services.approve_proposed(programme=rule, levy_year=2025, actor=actor, **shown)
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.object_id) == ("subsidies.award.approve_batch", str(rule.pk))
    assert entry.details.items() >= {"levy_year": 2025, "awards": 2, "amount": "48000.00"}.items()
    client.force_login(finance())
    assert "批准全部奖励" in text_of(client.get(rule.get_absolute_url()))
    for award in Award.objects.all():
        assert f"{actor}于{cn_time(award.approved_at)}批准" in text_of(client.get(award.get_absolute_url()))


def test_a_list_is_approved_only_with_the_right_in_each_of_its_regions(rule):
    shown = {"programme": rule, "levy_year": 2025, "count": 2, "amount": Decimal("48000.00")}
    for stranger in (officer(Role.LEVY_OFFICER, "140000"), finance("150000")):
        with pytest.raises(PermissionMissing):
            services.approve_proposed(**shown, actor=stranger)
    assert not Award.objects.exclude(state=AwardState.PROPOSED).exists()
