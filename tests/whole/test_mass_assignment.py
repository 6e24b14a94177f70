"""Promise D4: a request sets the fields that its form declares and nothing else.

Each act is sent twice from the same start, once with every field of every model posted too: the stored rows are the
same.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.db import models, transaction
from django.test import Client
from import_export.resources import ModelResource
from rest_framework.serializers import ModelSerializer

from accounts.permissions import Role
from quota.models import Employer, HeadcountReturn, PlacementCheck
from quota.queries.verification import decision_seen
from tests.accounts.factories import officer
from tests.quota.factories import employer_account
from tests.whole.test_permissions import address
from tests.world import COUNTY, World, a_county

OURS = ("accounts", "audit", "exchange", "quota", "levy", "collection", "subsidies", "disclosure")
HOSTILE = {
    "state": "verified",
    "region": "150000",
    "actor": "1",
    "is_superuser": "on",
    "amount": "1",
    "status": "paid",
}
STAFF = {f"staff_{month}": 40 for month in range(1, 13)}


def stored_fields(model: type[models.Model]) -> list[str]:
    """The fields that two equal acts store alike: no keys, times, hashes or ciphertexts with their fresh nonce."""
    fresh = (models.AutoField, models.DateTimeField, models.BinaryField)
    audit = {"id", "object_id"} if model._meta.label == "audit.AuditEntry" else set()
    return [
        field.attname
        for field in model._meta.concrete_fields
        if not isinstance(field, fresh) and not field.is_relation and field.attname not in audit | {"password"}
    ] + [
        field.attname
        for field in model._meta.concrete_fields
        if field.is_relation and field.attname.endswith("_by_id")
    ]


def stored() -> dict[str, list[str]]:
    """Every row of every table of ours."""
    found = {}
    for app in OURS:
        for model in apps.get_app_config(app).get_models():
            if model._meta.managed and not hasattr(model, "pgh_id") and model.__name__ != "Session":
                names = stored_fields(model)
                found[model._meta.label] = sorted(map(repr, model._base_manager.values_list(*names)))
    return found


def every_field(typed: dict[str, Any]) -> dict[str, Any]:
    """A value for each field of each model, except those of the form itself."""
    names = {
        name
        for app in OURS
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.concrete_fields
        for name in (field.name, field.attname)
    }
    return {name: HOSTILE.get(name.removesuffix("_id"), "1") for name in names} | typed


@dataclass(frozen=True)
class Act:
    """`optional` are fields of the form that the plain request leaves empty."""

    role: Role
    typed: dict[str, Any]
    optional: tuple[str, ...] = ()


ACTS = {
    "quota:return": Act(Role.EMPLOYER, {"version": 1, "total_wages": "600000.00", **STAFF}),
    "quota:placement": Act(
        Role.EMPLOYER,
        {
            "version": 1,
            "name": "改名",
            "certificate_kind": "disabled_person",
            "form": "contract",
            "contract_start": "2024-01-01",
        },
        ("contract_end", "post"),
    ),
    "quota:case_person": Act(Role.VERIFIER, {"whole": "refuse", "reason": "R02", "note": "未到岗"}),
    "quota:reveal": Act(Role.VERIFIER, {"reason": "与原件核对"}),
    "levy:parameter_propose": Act(
        Role.PARAMETER_ADMINISTRATOR,
        {"value": "91000", "valid_from": "2027-01-01", "document_number": "晋统〔2028〕1号", "source": "统计局"},
        ("valid_until",),
    ),
    "levy:run_start": Act(Role.LEVY_OFFICER, {"levy_year": 2025, "region": COUNTY}),
    "subsidies:award_step": Act(Role.FINANCE_OFFICER, {"reason": "不符合"}),
    "disclosure:publication_step": Act(Role.FINANCE_OFFICER, {"reason": "重做"}),
    "access:person_new": Act(
        Role.ADMINISTRATOR,
        {
            "username": "neu",
            "name": "新人",
            "personnel_number": "N-1",
            "role": "auditor",
            "region": COUNTY,
            "reason": "任命",
        },
    ),
    "access:person_appoint": Act(Role.ADMINISTRATOR, {"role": "auditor", "region": COUNTY, "reason": "任命"}),
    "access:person_act": Act(Role.ADMINISTRATOR, {"reason": "停职"}),
    "access:appointment_end": Act(Role.ADMINISTRATOR, {"reason": "调离"}),
}


@pytest.fixture
def world(db: None) -> World:
    return a_county()


def ask_and_undo(client: Client, url: str, typed: dict[str, Any]) -> tuple[int, dict[str, list[str]]]:
    with transaction.atomic():
        answer = client.post(url, typed)
        after = stored()
        transaction.set_rollback(True)
    return answer.status_code, after


def test_every_field_of_every_model_posted_besides_changes_nothing(
    world: World, signed_in: Callable[..., Client]
) -> None:
    before = stored()
    people = {role: officer(role, COUNTY) for role in Role} | {Role.EMPLOYER: employer_account(world.employer)}
    for name, act in ACTS.items():
        client, url = signed_in(people[act.role]), address(name, **world.places.get(name, {}))
        typed = act.typed | {"seen": seen(world)}
        besides = {field: value for field, value in every_field(typed).items() if field not in act.optional}
        status, plain = ask_and_undo(client, url, typed)
        assert differing(plain, before), f"{name} does nothing"
        hostile_status, hostile = ask_and_undo(client, url, besides)
        assert (hostile_status, differing(plain, hostile)) == (status, {}), name


def seen(world: World) -> str:
    return decision_seen(PlacementCheck.objects.get(pk=world.places["quota:case_person"]["placement"]))


def differing(some: dict[str, list[str]], others: dict[str, list[str]]) -> dict[str, list[str]]:
    return {table: sorted({*some[table]} ^ {*others[table]}) for table in some if some[table] != others[table]}


def all_below(base: type) -> set[type]:
    found = {sub for direct in base.__subclasses__() for sub in (direct, *all_below(direct))}
    return {sub for sub in found if sub.__module__.partition(".")[0] in OURS}


def loose(classes: Iterable[type]) -> set[str]:
    """Forms, serializers and resources that take a model's fields without naming each."""
    found = set()
    for declared in classes:
        meta = getattr(declared, "_meta", None) or declared.Meta
        names = getattr(meta, "fields", None)
        keys = getattr(meta, "import_id_fields", ["named"])
        if not isinstance(names, list | tuple) or not names or list(keys) == ["id"]:
            found.add(declared.__name__)
    return found


def declarations() -> set[type]:
    return all_below(forms.BaseModelForm) | all_below(ModelSerializer) | all_below(ModelResource)


def test_whatever_fills_a_model_names_its_fields_and_its_key() -> None:
    assert loose(declarations()) == set()
    assert all_below(ModelResource)


def test_twin_all_fields_at_once_are_found() -> None:
    every_field_form = forms.modelform_factory(HeadcountReturn, fields="__all__")

    class NoFields(ModelResource):
        class Meta:
            model = Employer

    assert loose({*declarations(), every_field_form, NoFields}) == {"HeadcountReturnForm", "NoFields"}


def test_twin_a_view_that_fills_the_model_from_the_request_is_found(
    world: World, signed_in: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, typed = "quota:reveal", {"reason": "与原件核对"}

    monkeypatch.setattr("quota.views.cases._filed", lambda request, pk, _right: _filled(request, pk))
    client, url = signed_in(Role.VERIFIER, COUNTY), address(name, **world.places[name])
    _status, plain = ask_and_undo(client, url, typed)
    _status, hostile = ask_and_undo(client, url, every_field(typed))
    assert hostile != plain


def _filled(request: Any, pk: int) -> HeadcountReturn:
    filed = HeadcountReturn.objects.select_related("employer").get(pk=pk)
    if "state" in request.POST:
        HeadcountReturn.objects.filter(pk=pk).update(sent_back_reason=request.POST["state"])
    return filed
