"""The mechanism of a decision by two people, on the renaming of a county and on an appointment.

`tests/whole/test_four_eyes.py` checks every kind.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import CheckConstraint
from django.test import Client
from django.utils import timezone

from access.errors import OwnAccount
from access.models import AccessChange
from access.services.changes import ACCESS
from access.services.changes import propose as propose_access
from accounts.models import Appointment, Region, User
from accounts.permissions import Role
from audit.errors import DomainError, ReasonMissing, SecondPersonNeeded, TransitionNotAllowed
from audit.models import AuditEntry
from casework.decisions import Proposal, TwoPeople, digest_of, unless_changed
from casework.errors import MatterChanged
from levy.errors import RegionPending, RegionRefused
from levy.models import RegionChange
from levy.services.region_changes import DIVISIONS, propose_region_change
from tests.accounts.factories import RegionFactory, UserFactory, officer
from tests.steps import take_step

pytestmark = pytest.mark.django_db
COUNTY = "140105"


@pytest.fixture(autouse=True)
def _regions() -> None:
    for code in ("140000", "140100", COUNTY):
        RegionFactory(code=code)


def admin() -> User:
    return officer(Role.ADMINISTRATOR, "140000")


def rename(actor: User | None = None, **given: Any) -> RegionChange:
    values = {"code": COUNTY, "name": "新店区", "document_number": "晋政函〔2026〕1号", "reason": "更名"} | given
    return propose_region_change(kind=RegionChange.Kind.RENAME, actor=actor or admin(), **values)


def name_now() -> str:
    return Region.objects.get(code=COUNTY).name


def actions_of(change: RegionChange) -> list[str]:
    found = AuditEntry.objects.filter(object_type="levy.regionchange", object_id=str(change.pk)).order_by("id")
    return [entry.action for entry in found]


def test_two_people_let_it_take_effect_and_the_trail_names_both() -> None:
    first, second = admin(), admin()
    change = rename(first)
    assert name_now() != "新店区"
    decided = DIVISIONS.approve(change, actor=second, seen=DIVISIONS.seen(change))
    assert name_now() == "新店区"
    assert (decided.state, decided.proposed_by, decided.approved_by) == ("approved", first, second)
    assert decided.approved_at is not None
    assert actions_of(change) == ["levy.regionchange.propose", "levy.regionchange.approve"]
    entry = AuditEntry.objects.get(action="levy.regionchange.approve")
    assert (entry.details["from"], entry.details["to"], entry.region_code) == ("proposed", "approved", COUNTY)


def second_role(maker: User) -> User:
    Appointment.objects.create(user=maker, role=Role.ADMINISTRATOR, region_id=COUNTY)
    return User.objects.get(pk=maker.pk)


@pytest.mark.parametrize("guise", [lambda maker: User.objects.get(pk=maker.pk), second_role])
def test_one_person_is_not_two_whatever_the_session_or_the_role(guise: Callable[[User], User]) -> None:
    maker = admin()
    change = rename(maker)
    with pytest.raises(SecondPersonNeeded):
        DIVISIONS.approve(change, actor=guise(maker))
    assert name_now() != "新店区"


def test_nobody_proposes_in_the_name_of_another() -> None:
    maker, other = admin(), admin()
    change = RegionChange(
        kind="rename", code=COUNTY, name="新店区", former_name=name_now(), document_number="1", reason="更名",
        proposed_by=other,
    )  # fmt: skip
    assert DIVISIONS.propose(change, actor=maker).proposed_by == maker


def test_a_decision_is_not_taken_twice() -> None:
    change = rename()
    DIVISIONS.approve(change, actor=admin())
    for again in (change, RegionChange.objects.get(pk=change.pk)):
        with pytest.raises(TransitionNotAllowed):
            DIVISIONS.approve(again, actor=admin())
        with pytest.raises(TransitionNotAllowed):
            DIVISIONS.reject(again, actor=admin(), reason="文号不符")
    assert actions_of(change) == ["levy.regionchange.propose", "levy.regionchange.approve"]


@pytest.mark.parametrize("changes", [{"name": "别名区"}, {"document_number": "晋政函〔2026〕2号"}, {"reason": "另有"}])
def test_an_approval_holds_for_exactly_what_was_seen(changes: dict[str, str]) -> None:
    change = rename()
    seen = DIVISIONS.seen(change)
    RegionChange.objects.filter(pk=change.pk).update(**changes)
    with pytest.raises(MatterChanged):
        DIVISIONS.approve(change, actor=admin(), seen=seen)
    assert RegionChange.objects.get(pk=change.pk).state == "proposed"


def test_what_was_seen_of_one_matter_approves_no_other() -> None:
    other = DIVISIONS.seen(rename(code="140100", name="新市"))
    change = rename()
    with pytest.raises(MatterChanged):
        DIVISIONS.approve(change, actor=admin(), seen=other)


def test_the_page_carries_the_digest_and_approves_nothing_without_it(signed_in: Callable[..., Client]) -> None:
    change, client = rename(), signed_in(admin())
    address = f"{change.get_absolute_url()}approve/"
    assert client.post(address).status_code == 200
    assert client.post(address, {"seen": "0" * 64}).status_code == 302
    assert name_now() != "新店区"
    assert take_step(client, address).status_code == 302
    assert name_now() == "新店区"


def test_a_stale_page_leads_to_how_the_matter_stands(signed_in: Callable[..., Client]) -> None:
    change, client = rename(), signed_in(admin())
    address = f"{change.get_absolute_url()}approve/"
    seen = client.get(address).content.decode().split('name="seen" value="')[1].split('"')[0]
    RegionChange.objects.filter(pk=change.pk).update(name="别名区")
    answer = client.post(address, {"seen": seen}, follow=True)
    assert answer.request["PATH_INFO"] == change.get_absolute_url()
    assert "内容刚有变化" in answer.content.decode()


def test_rejecting_needs_a_reason_and_leaves_everything_as_it_was() -> None:
    change = rename()
    with pytest.raises(ReasonMissing):
        DIVISIONS.reject(change, actor=admin(), reason=" ")
    DIVISIONS.reject(change, actor=admin(), reason="文号不符")
    with pytest.raises(TransitionNotAllowed):
        DIVISIONS.approve(change, actor=admin())
    assert name_now() != "新店区"
    assert AuditEntry.objects.get(action="levy.regionchange.reject").reason == "文号不符"
    assert rename().pk != change.pk, "the way is free again"


def test_who_proposed_it_withdraws_it(signed_in: Callable[..., Client]) -> None:
    maker = admin()
    change, client = rename(maker), signed_in(maker)
    address = f"{change.get_absolute_url()}reject/"
    assert "撤回行政区划变更" in client.get(address).content.decode()
    client.post(address, {"reason": "误提"})
    assert RegionChange.objects.get(pk=change.pk).rejected_by == maker


def test_the_same_waits_only_once() -> None:
    rename()
    with pytest.raises(RegionPending):
        rename()
    assert AuditEntry.objects.filter(action="levy.regionchange.propose").count() == 1


def test_what_became_impossible_is_refused_and_nothing_is_stamped() -> None:
    change = rename()
    Region.objects.filter(code=COUNTY).update(name="别名区")
    with pytest.raises(RegionRefused):
        DIVISIONS.approve(change, actor=admin())
    assert RegionChange.objects.get(pk=change.pk).approved_at is None


def test_an_effect_that_fails_takes_the_stamp_back() -> None:
    def fail(change: RegionChange, actor: User) -> None:
        raise RegionRefused

    change = rename()
    with pytest.raises(RegionRefused):
        replace(DIVISIONS, effect=fail).approve(change, actor=admin())
    assert RegionChange.objects.get(pk=change.pk).state == "proposed"
    assert actions_of(change) == ["levy.regionchange.propose"]


def test_the_person_that_it_is_about_is_neither_of_the_two() -> None:
    person, wanted = admin(), {"role": Role.VERIFIER, "region": Region.objects.get(code=COUNTY), "reason": "任命"}
    with pytest.raises(OwnAccount):
        propose_access(kind=AccessChange.Kind.APPOINT, person=person, actor=person, **wanted)
    change = propose_access(kind=AccessChange.Kind.APPOINT, person=person, actor=admin(), **wanted)
    for decide in (ACCESS.approve, lambda change, actor: ACCESS.reject(change, actor=actor, reason="不任")):
        with pytest.raises(OwnAccount):
            decide(change, actor=person)
    assert AccessChange.objects.get().state == "proposed"


STAMP = {"approved_at": timezone.now()}


@pytest.mark.parametrize(
    "values",
    [
        {"state": "approved"},
        {"state": "approved", **STAMP},
        {"state": "rejected", "approved_by": "other", **STAMP},
        {"state": "proposed", "approved_by": "other", **STAMP},
        {"state": "else"},
        {"state": "approved", "approved_by": "proposed_by", **STAMP},
    ],
    ids=lambda values: " ".join(values) + f" {values['state']}",
)
def test_the_database_refuses_a_state_without_its_stamp_and_one_person_as_two(values: dict[str, Any]) -> None:
    change = rename()
    people = {"other": UserFactory(), "proposed_by": change.proposed_by}
    values = {name: people.get(value, value) if name == "approved_by" else value for name, value in values.items()}
    with pytest.raises(IntegrityError), transaction.atomic():
        RegionChange.objects.filter(pk=change.pk).update(**values)
    RegionChange.objects.filter(pk=change.pk).update(state="approved", approved_by=people["other"], **STAMP)


def kinds() -> list[type[TwoPeople]]:
    return [model for model in apps.get_models() if issubclass(model, TwoPeople) and not hasattr(model, "pgh_id")]


def test_every_kind_has_both_constraints() -> None:
    assert len(kinds()) >= 5
    assert sum(issubclass(kind, Proposal) for kind in kinds()) >= 3
    for kind in kinds():
        named = [rule.name for rule in kind._meta.constraints if isinstance(rule, CheckConstraint)]
        for ending in ("_state_has_its_stamp", "_two_people"):
            assert any(name.endswith(ending) for name in named), f"{kind.__name__}{ending}"


def test_a_step_outside_a_proposal_is_bound_to_what_was_shown_too() -> None:
    shown = RegionChange(code=COUNTY)

    def code(row: RegionChange) -> tuple[str]:
        return (row.code,)

    unless_changed(None, code)(shown)
    unless_changed(digest_of(COUNTY), code)(shown)
    with pytest.raises(DomainError):
        unless_changed(digest_of("140106"), code)(shown)
