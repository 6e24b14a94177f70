"""The rights for every address and method of the system, for every role (promises D1, D2, D3).

An address that is missing in the table fails the suite, so no page is ever open by accident.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path, reverse

from accounts.models import User
from accounts.permissions import ROLE_PERMISSIONS, SEPARATE_ROLES, Permission, Role
from levy.services.notices import issue_notice
from tests.accounts.factories import RegionFactory, UserFactory, officer
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory, verified_year

P = Permission
PUBLIC, SIGNED_IN = "public", "signed in"
GET, POST, BOTH = frozenset({"GET"}), frozenset({"POST"}), frozenset({"GET", "POST"})
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
COUNTY, NEIGHBOUR = "140105", "140106"


@dataclass(frozen=True)
class Rule:
    """The rights (one suffices) and the methods of an address."""

    who: str | frozenset[Permission]
    methods: frozenset[str]


def rights(*permissions: Permission) -> frozenset[Permission]:
    return frozenset(permissions)


FILES = rights(P.LOAD_FILINGS, P.LOAD_REGISTERS, P.LOAD_TAX_FILES, P.MANAGE_PARAMETERS)
PUBLICATION_READERS = rights(P.PUBLISH, P.VIEW_AUDIT)
PARAMETER_READERS = rights(P.MANAGE_PARAMETERS, P.VIEW_AUDIT)
REGION_READERS = rights(P.MANAGE_REGIONS, P.MANAGE_PARAMETERS, P.VIEW_AUDIT)
OWN_OR_OFFICER = rights(P.VIEW_EMPLOYERS, P.FILE_RETURN)
CASE_READERS = rights(P.VERIFY_RETURN, P.VIEW_PERSONS)

TABLE: dict[str, Rule] = {
    "disclosure:home": Rule(PUBLIC, GET),
    "disclosure:search": Rule(PUBLIC, GET),
    "disclosure:employer": Rule(PUBLIC, GET),
    "disclosure:regions": Rule(PUBLIC, GET),
    "disclosure:region_newest": Rule(PUBLIC, GET),
    "disclosure:region": Rule(PUBLIC, GET),
    "disclosure:how_it_works": Rule(PUBLIC, GET),
    "disclosure:lexicon": Rule(PUBLIC, GET),
    "disclosure:help": Rule(PUBLIC, GET),
    "disclosure:accessibility": Rule(PUBLIC, GET),
    "disclosure:privacy": Rule(PUBLIC, GET),
    "disclosure:calculator": Rule(PUBLIC, GET),
    "disclosure:open_data": Rule(PUBLIC, GET),
    "disclosure:data_dictionary": Rule(PUBLIC, GET),
    "disclosure:employer_year": Rule(PUBLIC, GET),
    "disclosure:region_compare": Rule(PUBLIC, GET),
    "disclosure:download": Rule(PUBLIC, GET),
    "disclosure:document_check": Rule(PUBLIC, GET),
    "disclosure:publication_list": Rule(PUBLICATION_READERS, GET),
    "disclosure:publication_start": Rule(rights(P.PUBLISH), BOTH),
    "disclosure:publication_detail": Rule(PUBLICATION_READERS, GET),
    "disclosure:publication_preview": Rule(PUBLICATION_READERS, GET),
    "disclosure:publication_file": Rule(PUBLICATION_READERS, GET),
    "disclosure:publication_step": Rule(rights(P.PUBLISH), BOTH),
    "accounts:sign_in": Rule(PUBLIC, BOTH),
    "accounts:sign_in_code": Rule(PUBLIC, BOTH),
    "accounts:sign_in_set_up": Rule(PUBLIC, BOTH),
    "accounts:oidc_start": Rule(PUBLIC, GET),
    "accounts:oidc_return": Rule(PUBLIC, GET),
    "accounts:sign_out": Rule(SIGNED_IN, POST),
    "casework:desk": Rule(SIGNED_IN, GET),
    "accounts:account": Rule(SIGNED_IN, GET),
    "accounts:password": Rule(SIGNED_IN, BOTH),
    "accounts:new_app": Rule(SIGNED_IN, BOTH),
    "accounts:recovery_codes": Rule(SIGNED_IN, BOTH),
    "accounts:end_own_session": Rule(SIGNED_IN, POST),
    "accounts:session_state": Rule(SIGNED_IN, BOTH),
    "access:people": Rule(rights(P.MANAGE_PEOPLE), GET),
    "access:person_new": Rule(rights(P.MANAGE_PEOPLE), BOTH),
    "access:change_list": Rule(rights(P.MANAGE_PEOPLE), GET),
    "access:change_step": Rule(rights(P.MANAGE_PEOPLE), BOTH),
    "access:person": Rule(rights(P.MANAGE_PEOPLE), GET),
    "access:person_appoint": Rule(rights(P.MANAGE_PEOPLE), BOTH),
    "access:person_act": Rule(rights(P.MANAGE_PEOPLE), BOTH),
    "access:appointment_end": Rule(rights(P.MANAGE_PEOPLE), BOTH),
    "accounts:display": Rule(PUBLIC, BOTH),
    "accounts:language": Rule(PUBLIC, POST),
    "accounts:audit_log": Rule(rights(P.VIEW_AUDIT), GET),
    "accounts:styleguide": Rule(PUBLIC, GET),
    "operations:health": Rule(PUBLIC, GET),
    "operations:ready": Rule(PUBLIC, GET),
    "operations:metrics": Rule(PUBLIC, GET),
    "operations:status": Rule(PUBLIC, GET),
    "quota:my_employers": Rule(rights(P.FILE_RETURN), GET),
    "quota:return_open": Rule(rights(P.FILE_RETURN), POST),
    "quota:return": Rule(rights(P.FILE_RETURN), BOTH),
    "quota:placement_add": Rule(rights(P.FILE_RETURN), BOTH),
    "quota:copy_last_year": Rule(rights(P.FILE_RETURN), POST),
    "quota:placement": Rule(rights(P.FILE_RETURN), BOTH),
    "quota:placement_remove": Rule(rights(P.FILE_RETURN), POST),
    "quota:return_submit": Rule(rights(P.FILE_RETURN), BOTH),
    "quota:receipt": Rule(rights(P.FILE_RETURN), GET),
    "quota:queue": Rule(CASE_READERS, GET),
    "quota:queue_file": Rule(CASE_READERS, GET),
    "quota:certificate_changes": Rule(CASE_READERS, GET),
    "quota:certificate_changes_seen": Rule(rights(P.VERIFY_RETURN), BOTH),
    "quota:quick": Rule(rights(P.VERIFY_RETURN), BOTH),
    "quota:case": Rule(CASE_READERS, BOTH),
    "quota:case_person": Rule(CASE_READERS, BOTH),
    "quota:decision_preview": Rule(rights(P.VERIFY_RETURN), POST),
    "quota:reveal": Rule(rights(P.REVEAL_IDENTITY), BOTH),
    "quota:case_step": Rule(rights(P.VERIFY_RETURN), BOTH),
    "quota:sign_in_codes": Rule(rights(P.ISSUE_SIGN_IN_CODES), GET),
    "quota:sign_in_code": Rule(rights(P.ISSUE_SIGN_IN_CODES), BOTH),
    "quota:certificate_file": Rule(OWN_OR_OFFICER, GET),
    "quota:certificate": Rule(OWN_OR_OFFICER, GET),
    "levy:run_list": Rule(rights(P.VIEW_RUNS), GET),
    "levy:run_start": Rule(rights(P.RUN_ASSESSMENT), BOTH),
    "levy:run_detail": Rule(rights(P.VIEW_RUNS), GET),
    "levy:run_comparison": Rule(rights(P.VIEW_RUNS), GET),
    "levy:run_movement": Rule(rights(P.DOWNLOAD_LEVY_LIST), GET),
    "levy:run_report": Rule(rights(P.VIEW_RUNS), GET),
    "levy:run_report_file": Rule(rights(P.VIEW_RUNS), GET),
    "levy:run_step": Rule(rights(P.RUN_ASSESSMENT, P.CONFIRM_ASSESSMENT), BOTH),
    "collection:hand_over": Rule(rights(P.TAKE_OVER_LIST), BOTH),
    "levy:parameter_list": Rule(PARAMETER_READERS, GET),
    "levy:parameter_change_list": Rule(PARAMETER_READERS, GET),
    "levy:parameter_change": Rule(PARAMETER_READERS, GET),
    "levy:parameter_change_step": Rule(rights(P.MANAGE_PARAMETERS), BOTH),
    "levy:parameter_history": Rule(PARAMETER_READERS, GET),
    "levy:parameter_propose": Rule(rights(P.MANAGE_PARAMETERS), BOTH),
    "levy:region_list": Rule(REGION_READERS, GET),
    "levy:region_detail": Rule(REGION_READERS, GET),
    "levy:region_propose": Rule(rights(P.MANAGE_REGIONS), BOTH),
    "levy:region_change": Rule(REGION_READERS, GET),
    "levy:region_change_step": Rule(rights(P.MANAGE_REGIONS), BOTH),
    "levy:correction_list": Rule(rights(P.VIEW_RUNS), GET),
    "levy:correction": Rule(rights(P.VIEW_RUNS), GET),
    "levy:correction_propose": Rule(rights(P.RUN_ASSESSMENT), BOTH),
    "levy:correction_step": Rule(rights(P.CONFIRM_ASSESSMENT), BOTH),
    "levy:batch_list": Rule(rights(P.VIEW_RUNS), BOTH),
    "levy:batch": Rule(rights(P.VIEW_RUNS), GET),
    "levy:batch_file": Rule(rights(P.DOWNLOAD_LEVY_LIST), GET),
    "levy:notice_issue": Rule(rights(P.CONFIRM_ASSESSMENT), POST),
    "levy:notice_file": Rule(OWN_OR_OFFICER, GET),
    "levy:notice": Rule(OWN_OR_OFFICER, GET),
    "portal:employer_search": Rule(rights(P.VIEW_EMPLOYERS), GET),
    "portal:employer_year": Rule(OWN_OR_OFFICER, GET),
    "portal:what_if": Rule(OWN_OR_OFFICER, GET),
    "portal:employer_dates": Rule(OWN_OR_OFFICER, GET),
    "portal:return_amount": Rule(rights(P.FILE_RETURN), BOTH),
    "portal:my_documents": Rule(rights(P.FILE_RETURN), GET),
    "collection:employer_account": Rule(OWN_OR_OFFICER, GET),
    "collection:collection": Rule(rights(P.DOWNLOAD_LEVY_LIST), GET),
    "collection:collection_file": Rule(rights(P.DOWNLOAD_LEVY_LIST), GET),
    "exchange:file_list": Rule(FILES, BOTH),
    "exchange:file_template": Rule(FILES, GET),
    "exchange:file_detail": Rule(FILES, GET),
    "exchange:file_write": Rule(FILES, BOTH),
    "exchange:file_faults": Rule(FILES, GET),
    "exchange:file_changes": Rule(FILES, GET),
    "exchange:file_step": Rule(FILES, BOTH),
    "exchange:file_control": Rule(FILES, BOTH),
    "collection:payment_mismatches": Rule(FILES, GET),
    "collection:list_choose": Rule(rights(P.DOWNLOAD_LEVY_LIST), GET),
    "collection:list_detail": Rule(rights(P.DOWNLOAD_LEVY_LIST), GET),
    "collection:list_download": Rule(rights(P.DOWNLOAD_LEVY_LIST), GET),
    "subsidies:award_list": Rule(rights(P.DECIDE_AWARD), GET),
    "subsidies:award_file": Rule(rights(P.DECIDE_AWARD), GET),
    "subsidies:award_detail": Rule(rights(P.DECIDE_AWARD), GET),
    "subsidies:award_step": Rule(rights(P.DECIDE_AWARD), BOTH),
    "subsidies:programme_list": Rule(rights(P.DECIDE_AWARD), GET),
    "subsidies:programme_detail": Rule(rights(P.DECIDE_AWARD), GET),
    "subsidies:programme_check": Rule(rights(P.DECIDE_AWARD), BOTH),
    "subsidies:programme_compute": Rule(rights(P.DECIDE_AWARD), POST),
    "subsidies:programme_approve": Rule(rights(P.DECIDE_AWARD), BOTH),
    "api:estimate": Rule(PUBLIC, POST),
    "api:schema": Rule(PUBLIC, GET),
    "api:docs": Rule(PUBLIC, GET),
}

# Words that an address may hold, for asking without a real object.
SAMPLE = {
    "pk": 999_999, "placement": 999_999, "levy_year": 2025, "uscc": "91350100M000100Y43", "code": COUNTY,
    "number": "none", "step": "approve", "name": "none", "kind": "employers", "movement": "new", "file_format": "csv",
}  # fmt: skip
# Where a step must be one that the page knows.
STEPS = {"levy:run_step": "check", "quota:case_step": "review", "disclosure:publication_step": "publish"} | {
    "levy:correction_step": "approve",
    "levy:parameter_change_step": "approve",
    "levy:region_change_step": "approve",
}
KINDS = {"disclosure:download": "csv", "disclosure:publication_file": "csv", "levy:region_propose": "rename"}


def routes(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from routes(pattern, ":".join(filter(None, (namespace, pattern.namespace))))
        else:
            yield ":".join(filter(None, (namespace, pattern.name))), pattern


ROUTES = dict(routes(get_resolver()))


def address(name: str, /, **given: Any) -> str:
    special = {"step": STEPS[name]} if name in STEPS else {}
    special |= {"kind": KINDS[name]} if name in KINDS else {}
    values = SAMPLE | special | given
    wanted = ROUTES[name].pattern.regex.groupindex if hasattr(ROUTES[name].pattern, "regex") else {}
    return reverse(name, kwargs={word: values[word] for word in wanted})


def test_every_address_stands_in_the_table() -> None:
    assert set(ROUTES) == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_a_view_declares_what_the_table_says(name: str) -> None:
    view, rule = ROUTES[name].callback, TABLE[name]
    declared = getattr(view, "required_permissions", None)
    if isinstance(rule.who, frozenset):
        assert declared is not None, "the view carries no @requires"
        assert frozenset(declared) == rule.who
    else:
        assert declared is None
    assert (getattr(view, "login_required", True) is False) == (rule.who == PUBLIC)


def open_by_accident(names: dict[str, URLPattern]) -> set[str]:
    """Addresses that are in no table, or whose view declares no right."""
    silent = {
        name
        for name, pattern in names.items()
        if not hasattr(pattern.callback, "required_permissions")
        and getattr(pattern.callback, "login_required", True)
        and TABLE.get(name, Rule(PUBLIC, GET)).who != SIGNED_IN
    }
    return silent | (set(names) - set(TABLE))


def test_twin_an_address_without_a_rule_is_found() -> None:
    def forgotten(_request: HttpRequest) -> HttpResponse:
        return HttpResponse("everybody's figures")

    assert open_by_accident(ROUTES) == set()
    assert open_by_accident(ROUTES | {"levy:all": path("all/", forgotten, name="all")}) == {"levy:all"}


@pytest.mark.django_db
def test_twin_without_sign_in_first_the_sweep_gets_in(settings: Any) -> None:
    """And then @requires stands alone, which opens nothing to nobody either; the own pages have only the first."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != "accounts.frame.middleware.SignInFirst"]
    closed = {name for name, rule in TABLE.items() if isinstance(rule.who, frozenset)}
    asked = {name: Client(raise_request_exception=False).get(address(name)) for name in closed | {"accounts:account"}}
    assert {name for name in closed if asked[name].status_code < 400} == set()
    assert not asked["accounts:account"].get("Location", "").startswith("/sign-in/")


def ask(client: Client, method: str, url: str) -> int:
    return client.generic(method, url).status_code


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name, rule in TABLE.items() if rule.who != PUBLIC])
def test_nobody_gets_in_without_signing_in(name: str) -> None:
    for method in ("HEAD", *METHODS):
        response = Client().generic(method, address(name))
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/")


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name, rule in TABLE.items() if rule.who == PUBLIC])
def test_the_public_is_never_sent_to_the_sign_in(name: str) -> None:
    for method in TABLE[name].methods:
        response = Client().generic(method, address(name))
        assert response.status_code in {200, 302, 400, 404}
        is_sign_in = name.startswith("accounts:sign_in")
        assert is_sign_in or not response.get("Location", "").startswith("/sign-in/")


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
def test_a_role_opens_what_the_table_gives_it_and_nothing_else(role: Role) -> None:
    client = Client()
    client.force_login(officer(role, COUNTY))
    for name, rule in TABLE.items():
        if rule.who == PUBLIC or name == "accounts:sign_out":
            continue
        may = rule.who == SIGNED_IN or bool(ROLE_PERMISSIONS[role] & rule.who)
        for method in METHODS:
            status = ask(client, method, address(name))
            if not may:
                assert status == 403, f"{method} {name}: {status} for {role}"
            elif method not in rule.methods:
                assert status == 405, f"{method} {name}: {status}, not a method of this address"
            else:
                assert status not in {401, 405, 500}, f"{method} {name}: {status} for {role}"


@pytest.mark.django_db
def test_without_an_appointment_everything_is_closed() -> None:
    client = Client()
    client.force_login(UserFactory())
    closed = [name for name, rule in TABLE.items() if isinstance(rule.who, frozenset)]
    assert {name for name in closed if ask(client, "GET", address(name)) != 403} == set()


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
def test_no_role_opens_the_admin(role: Role) -> None:
    client = Client()
    client.force_login(officer(role, COUNTY))
    assert client.get("/admin/").status_code in {302, 403, 404}


@pytest.fixture
def objects(db: None) -> dict[str, dict[str, Any]]:
    """A confirmed year in one county, and the addresses of its pages."""
    RegionFactory(code="140000")
    RegionFactory(code=NEIGHBOUR)
    employer = EmployerFactory(region=RegionFactory(code=COUNTY))
    headcount = verified_year(employer)
    run = confirmed_run(region=COUNTY)
    notice = issue_notice(assessment=run.assessments.get(), actor=officer(Role.LEVY_OFFICER, COUNTY))
    return {
        "levy:run_detail": {"pk": run.pk},
        "levy:run_report": {"pk": run.pk},
        "levy:run_step": {"pk": run.pk, "step": "discard"},
        "collection:hand_over": {"pk": run.pk},
        "levy:batch_list": {"pk": run.pk},
        "portal:employer_year": {"uscc": employer.uscc},
        "portal:what_if": {"uscc": employer.uscc},
        "portal:employer_dates": {"uscc": employer.uscc},
        "collection:list_detail": {"code": COUNTY},
        "collection:list_download": {"code": COUNTY},
        "levy:notice": {"number": notice.number},
        "quota:certificate": {"number": headcount.number},
        "quota:case": {"pk": headcount.headcount_return_id},
        "quota:case_step": {"pk": headcount.headcount_return_id},
        "quota:certificate_changes_seen": {"pk": headcount.headcount_return_id},
    }


def all_rights(code: str, apart: Role = Role.AUDITOR) -> User:
    """One person with every officer's role in a region that one person may hold; `apart` is the one of the three that
    are kept apart."""
    person = officer(Role.VERIFIER, code)
    for role in {*Role} - {Role.VERIFIER, Role.EMPLOYER, *SEPARATE_ROLES} | {apart}:
        person.appointments.create(role=role, region_id=code)
    return User.objects.get(pk=person.pk)


def test_another_countys_objects_are_not_found_with_every_right_of_ones_own(
    objects: dict[str, dict[str, Any]], signed_in: Callable[..., Client]
) -> None:
    stranger, owner = signed_in(all_rights(NEIGHBOUR)), signed_in(all_rights(COUNTY))
    above = signed_in(all_rights("140000"))
    for name, where in objects.items():
        assert ask(owner, "GET", address(name, **where)) in {200, 302}, name
        assert ask(above, "GET", address(name, **where)) in {200, 302}, name
        assert ask(stranger, "GET", address(name, **where)) == 404, name


def test_what_is_not_yours_looks_like_what_does_not_exist(
    objects: dict[str, dict[str, Any]], signed_in: Callable[..., Client]
) -> None:
    stranger = signed_in(all_rights(NEIGHBOUR))
    for name, where in objects.items():
        if "code" in where:
            continue
        theirs = stranger.get(address(name, **where))
        missing = stranger.get(address(name))
        assert (theirs.status_code, len(theirs.content)) == (missing.status_code, len(missing.content)), name


def test_a_retired_code_opens_nothing(objects: dict[str, dict[str, Any]], signed_in: Callable[..., Client]) -> None:
    person = all_rights(COUNTY)
    RegionFactory._meta.model.objects.filter(code=COUNTY).update(valid_until="2020-01-01")
    client = signed_in(User.objects.get(pk=person.pk))
    assert {ask(client, "GET", address(name, **where)) for name, where in objects.items()} <= {403, 404}
