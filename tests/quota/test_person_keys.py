"""The secret key of the look-up hash can be renewed while people work (promise E7)."""

import base64
import os
import threading
from collections.abc import Callable, Iterator
from datetime import date
from io import StringIO
from itertools import islice

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, connections, models
from django.test.utils import CaptureQueriesContext

from accounts import identity
from accounts.identity import decrypt, look_up_key
from accounts.permissions import Role
from audit.models import AuditEntry
from law.codes import CertificateKind, EmploymentForm
from quota.documents.headcount_certificate import certificate_code
from quota.kinds import CERTIFICATES, DISPATCH_AGREEMENTS, INSURANCE, PLACEMENTS, RETURNS, WAGES
from quota.models import (
    Certificate,
    DraftPlacement,
    Employer,
    HeadcountReturn,
    InsuranceMonth,
    Placement,
    RenewedKey,
    VerifiedHeadcount,
    WagePayment,
)
from quota.services import checks, filing, key_renewal, person_keys
from tests.accounts.factories import officer
from tests.exchange.files import load
from tests.exchange.test_loading import CODES, agreed, insured, placed, registered, wage
from tests.exchange.test_loading import filing as filed_row
from tests.quota.factories import (
    YEAR,
    EmployerFactory,
    agreement,
    certificate,
    employer_account,
    employer_never_late,
    evidence,
    filed_return,
    identity_number,
    placement,
    verified_year,
)
from tools.roles import as_owner

pytestmark = pytest.mark.django_db
PEOPLE = 7
LAST_YEAR = YEAR - 1
JOINED = """
SELECT count(DISTINCT p.id), count(DISTINCT c.id), count(DISTINCT i.person_key::text || i.month),
       count(DISTINCT w.person_key::text || w.month), count(DISTINCT a.id), count(DISTINCT d.id)
FROM quota_placement p
LEFT JOIN quota_certificate c
    ON c.kind = p.certificate_kind AND c.number_key = p.certificate_key AND c.person_key = p.person_key
LEFT JOIN quota_insurancemonth i ON i.person_key = p.person_key AND i.employer_id = p.employer_id
LEFT JOIN quota_wagepayment w ON w.person_key = p.person_key AND w.employer_id = p.employer_id
LEFT JOIN quota_dispatchagreement a ON a.person_key = p.person_key
LEFT JOIN quota_draftplacement d ON d.person_key = p.person_key AND d.certificate_key = p.certificate_key
"""
WHOLE = (PEOPLE, PEOPLE, 12 * PEOPLE, 12 * PEOPLE, 1, PEOPLE)


class Waits(Exception):
    """A batch did not get its locks."""


@pytest.fixture
def use_keys(settings) -> Iterator[Callable[..., None]]:
    def use(*keys: str) -> None:
        settings.IDENTITY_HASH_KEYS = list(keys)
        identity._hash_keys.cache_clear()

    yield use
    identity._hash_keys.cache_clear()


@pytest.fixture
def renewing(use_keys: Callable[..., None], settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """List a new key before the present one; returns it."""

    def renew() -> str:
        new = base64.b64encode(os.urandom(32)).decode()
        use_keys(new, settings.IDENTITY_HASH_KEYS[0])
        for kind in person_keys.BATCH_SIZES:
            monkeypatch.setitem(person_keys.BATCH_SIZES, kind, 2)
        return new

    return renew


@pytest.fixture
def numbers() -> dict[int, str]:
    """Placements with everything that belongs to their people: register, evidence, a draft, an agreement."""
    employer = employer_never_late(uscc=CODES[0])
    people = [identity_number() for _person in range(PEOPLE)]
    found = {placement(employer=employer, identity=number).pk: number for number in people}
    filing.open_return(employer=employer, levy_year=YEAR, actor=employer_account(employer))
    agreement(employer, EmployerFactory(uscc=CODES[1]), people[0])
    Certificate.objects.update(name="改名")  # each copy in the history has keys of its own
    return found


def renewed(batches: int | None = None) -> int:
    """Move everybody, or as many batches; then the work is killed. Returns the number of keys."""
    with as_owner():
        return sum(islice(key_renewal.renew_look_up_keys(), batches))


def joined() -> tuple[int, ...]:
    with connection.cursor() as cursor:
        cursor.execute(JOINED)
        return tuple(cursor.fetchone())


def keys_of(model: type[models.Model]) -> set[tuple[object, str]]:
    return {
        (getattr(row, holder.key), decrypt(getattr(row, holder.sealed)))
        for holder in (*person_keys.NAMED, *person_keys.CERTIFICATE_KEYS, *person_keys.HISTORY)
        if holder.model is model
        for row in model._base_manager.order_by("pk")
    }


def test_every_column_of_keys_is_known() -> None:
    columns = {
        (model._meta.label_lower, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.UUIDField) and model._meta.app_label != "pghistory"
    }
    known = (*person_keys.PERSON_KEYS, *person_keys.CERTIFICATE_KEYS, *person_keys.HISTORY)
    # Tries are forgotten after thirty days; nothing joins them.
    forgotten = {("quota.certificatetry", "person_key"), ("quota.certificatetry", "certificate_key")}
    not_numbers = {("quota.verifiedheadcount", "code_seed"), ("quota.renewedkey", "key")}
    assert columns - not_numbers - forgotten == {(holder.model._meta.label_lower, holder.key) for holder in known}


def test_work_cut_off_after_every_batch_never_parts_a_claim_from_its_evidence(
    numbers: dict[int, str], renewing: Callable[[], str], use_keys: Callable[..., None]
) -> None:
    assert joined() == WHOLE
    events = apps.get_model("quota", "CertificateEvent").objects
    before = events.count()
    new = renewing()
    while renewed(1):  # one batch, and the work is killed
        assert joined() == WHOLE
    use_keys(new)  # the former key is struck out
    for model in {holder.model for holder in (*person_keys.NAMED, *person_keys.HISTORY)}:
        assert keys_of(model)
        assert all(key == look_up_key(number) for key, number in keys_of(model))
    keys = {look_up_key(number) for number in numbers.values()}
    assert {row.person_key for row in InsuranceMonth.objects.order_by("pk")} == keys
    assert {row.person_key for row in WagePayment.objects.order_by("pk")} == keys
    assert events.count() == before, "nothing about a person has changed"


def test_twin_evidence_that_does_not_move_along_is_missed(
    numbers: dict[int, str], renewing: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    renewing()
    monkeypatch.setattr(person_keys, "PERSON_KEYS", person_keys.NAMED)
    monkeypatch.setitem(person_keys.BATCH_SIZES, person_keys.NAMED, 2)
    assert renewed()
    assert joined() == (PEOPLE, PEOPLE, 0, 0, 1, PEOPLE)


def test_a_file_finds_people_whose_rows_have_either_key(
    numbers: dict[int, str], renewing: Callable[[], str], use_keys: Callable[..., None]
) -> None:
    first, *others = numbers.values()
    unclaimed = identity_number()
    evidence(Employer.objects.get(uscc=CODES[0]), unclaimed)
    new = renewing()
    renewed(1)  # some have moved
    for kind, row in ((INSURANCE, insured), (WAGES, lambda person: wage(person, "3000.00"))):
        assert load(kind, [row(person) for person in (first, *others, unclaimed)]).new == 0
    assert load(CERTIFICATES, [registered(person) for person in (first, *others)]).new == 0
    assert load(PLACEMENTS, [placed(person) for person in (first, *others)]).new == 0
    assert load(DISPATCH_AGREEMENTS, [agreed(first, f"{YEAR}-01-01")]).new == 0
    assert joined() == WHOLE
    use_keys(new)  # even of somebody whom nobody claims, the rows have moved with the file
    assert InsuranceMonth.objects.filter(person_key=look_up_key(unclaimed)).count() == 12


def test_somebody_typed_in_meets_evidence_under_the_former_key(
    renewing: Callable[[], str], use_keys: Callable[..., None]
) -> None:
    employer, person = employer_never_late(), identity_number()
    number = certificate(person)
    evidence(employer, person)
    new = renewing()
    clerk = employer_account(employer)
    draft = filing.open_return(employer=employer, levy_year=YEAR, actor=clerk)
    typed = filing.PlacementInput(
        "郭秀兰", person, CertificateKind.DISABLED_PERSON, number, EmploymentForm.CONTRACT, date(2024, 1, 1), None, ""
    )
    row = filing.save_placement(headcount_return=draft, version=draft.version, typed=typed, actor=clerk)
    assert InsuranceMonth.objects.filter(person_key=row.person_key).count() == 12
    assert Certificate.objects.filter(number_key=row.certificate_key).exists()
    assert renewed()
    again = filing.PlacementInput(
        "郭秀英", "", CertificateKind.DISABLED_PERSON, "", EmploymentForm.CONTRACT, date(2024, 1, 1), None, ""
    )  # of a row that the page had read before its keys moved
    draft.refresh_from_db()
    filing.save_placement(headcount_return=draft, version=draft.version, typed=again, actor=clerk, placement=row)
    use_keys(new)
    row.refresh_from_db()
    assert row.person_key == look_up_key(person)
    assert row.certificate_key == look_up_key(number)
    assert InsuranceMonth.objects.filter(person_key=row.person_key).count() == 12


def test_what_nobody_names_is_counted_and_can_be_erased(
    numbers: dict[int, str], renewing: Callable[[], str], use_keys: Callable[..., None]
) -> None:
    employer = Employer.objects.get(uscc=CODES[0])
    former, later = identity_number(), identity_number()
    evidence(employer, former)
    new = renewing()
    evidence_file = [insured(later)]
    assert load(INSURANCE, evidence_file).new == 1
    eraser = officer(Role.ADMINISTRATOR, "140000")
    out = StringIO()
    with as_owner():
        call_command("renew_keys", stdout=out)
    assert "社会保险缴纳仍用旧密钥：12（1人）" in out.getvalue()
    assert "工资发放仍用旧密钥：12（1人）" in out.getvalue()
    with as_owner():
        call_command("renew_keys", "--erase-left-over", "--as", eraser.username, stdout=out)
    assert "已删除：24" in out.getvalue()
    assert "仍用旧密钥：0（0人）" in out.getvalue()
    assert joined() == WHOLE
    use_keys(new)
    assert load(INSURANCE, evidence_file).unchanged == 1
    assert InsuranceMonth.objects.count() == 12 * PEOPLE + 1
    entry = AuditEntry.objects.get(action="quota.renewedkey.erase_left_over")
    assert (entry.actor, entry.details["quota.wagepayment"]) == (eraser, {"rows": 12, "people": 1})


def test_a_code_that_is_on_paper_outlives_the_key(
    renewing: Callable[[], str], use_keys: Callable[..., None], settings
) -> None:
    headcounts = [verified_year(EmployerFactory()) for _number in range(2)]
    printed = headcounts[0]
    VerifiedHeadcount.objects.filter(pk=printed.pk).update(code_seed=None)  # issued by the first version
    codes = []
    for keys in ("the former", "both", "the new"):
        if keys == "both":
            new = renewing()
        if keys == "the new":
            with as_owner():
                call_command("renew_keys", stdout=StringIO())
            use_keys(new)
        codes.append([certificate_code(VerifiedHeadcount.objects.get(pk=one.pk)) for one in headcounts])
    assert codes[0] == codes[1] == codes[2]
    assert codes[0][0] != codes[0][1]


def test_a_second_renewal_does_not_take_the_keys_of_the_first_for_new_ones(
    numbers: dict[int, str], renewing: Callable[[], str]
) -> None:
    for _time in range(2):
        renewing()
        assert renewed()
        assert [left.rows for left in key_renewal.left_over()] == [0, 0]
        assert joined() == WHOLE
    evidence(Employer.objects.get(uscc=CODES[0]), identity_number())
    renewing()
    key_renewal.forget_notes()
    assert not RenewedKey.objects.exists()
    assert renewed()
    assert [left.people for left in key_renewal.left_over()] == [1, 1]


def _acts(employer: Employer, draft: HeadcountReturn, person: str) -> dict[str, Callable[[], object]]:
    clerk = employer.memberships.get().user
    return {
        "open": lambda: filing.open_return(employer=employer, levy_year=YEAR, actor=clerk),
        "copy": lambda: filing.copy_last_year(headcount_return=draft, version=draft.version, actor=clerk),
        "check": lambda: checks.check_employers(levy_year=YEAR, employer_ids=[employer.pk]),
        "step": lambda: checks.hold_checks(YEAR, as_one_of_many=True),
        "returns": lambda: load(RETURNS, [filed_row()]),
        "placements": lambda: load(PLACEMENTS, [placed(person)]),
        "certificates": lambda: load(CERTIFICATES, [registered(person)]),
        "agreements": lambda: load(DISPATCH_AGREEMENTS, [agreed(person, f"{YEAR}-01-01")]),
    }


def test_everyone_who_copies_keys_holds_them(numbers: dict[int, str]) -> None:
    employer = Employer.objects.get(uscc=CODES[0])
    acts = _acts(employer, employer.returns.get(), next(iter(numbers.values())))
    without = []
    for name, act in acts.items():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            act()
        if not any("shared(hashtext('quota person keys')" in query["sql"] for query in captured):
            without.append(name)
    assert not without


def test_a_batch_waits_for_whoever_holds_the_keys(
    numbers: dict[int, str], renewing: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def waits(_seconds: float) -> None:
        raise Waits

    monkeypatch.setattr(person_keys.time, "sleep", waits)
    monkeypatch.setattr(person_keys, "PATIENCE", "1ms")
    renewing()
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_lock_shared{person_keys.LOCK}")
            with pytest.raises(Waits):
                renewed(1)
            cursor.execute(f"SELECT pg_advisory_unlock_shared{person_keys.LOCK}")
    finally:
        other.close()
    assert renewed(1)


def _others_at_work(employer: Employer, draft: HeadcountReturn, people: list[str]) -> list[Callable[[], None]]:
    clerk = employer.memberships.get().user

    def copies() -> None:
        for version in range(draft.version, draft.version + 6):
            filing.copy_last_year(headcount_return=draft, version=version, actor=clerk)
            DraftPlacement.objects.latest("pk").delete()

    def loads() -> None:
        for person in people[::4]:
            load(INSURANCE, [insured(person, f"{LAST_YEAR}-03")])
            load(PLACEMENTS, [placed(person, year=str(LAST_YEAR))])

    def check() -> None:
        for _time in range(4):
            checks.check_employers(levy_year=LAST_YEAR, employer_ids=[employer.pk])

    return [copies, loads, check]


def _renew_in_pieces() -> None:
    while renewed(3):  # cut off after three batches
        pass


def _together(acts: list[Callable[[], None]]) -> list[Exception]:
    """Do it all at once; returns what went wrong."""
    failed: list[Exception] = []

    def side(act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    sides = [threading.Thread(target=side, args=[act]) for act in acts]
    for thread in sides:
        thread.start()
    for thread in sides:
        thread.join()
    return failed


@pytest.mark.django_db(transaction=True)
def test_people_file_and_load_and_check_while_the_keys_are_renewed(
    renewing: Callable[[], str], use_keys: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    employer = employer_never_late(uscc=CODES[0])
    people = [identity_number() for _person in range(3 * PEOPLE)]
    for person in people:
        placement(employer=employer, identity=person, year=LAST_YEAR)
    filed_return(employer, filed_on=date(YEAR, 5, 6), year=LAST_YEAR)
    draft = filing.open_return(employer=employer, levy_year=YEAR, actor=employer_account(employer))
    monkeypatch.setattr(person_keys, "PAUSE", 0.01)
    new = renewing()
    assert not _together([*_others_at_work(employer, draft, people), _renew_in_pieces])
    renewed()
    use_keys(new)
    keys = {look_up_key(person) for person in people}
    for holder in (*person_keys.NAMED[:2], *person_keys.EVIDENCE):
        assert {*holder.model._base_manager.order_by().values_list(holder.key, flat=True)} == keys
    assert DraftPlacement.objects.count() == len(people) - 1
    assert all(key == look_up_key(number) for key, number in keys_of(DraftPlacement))
    assert Placement.objects.count() == len(people)
    checks.check_employers(levy_year=LAST_YEAR, employer_ids=[employer.pk])
    totals = employer.returns.get(levy_year=LAST_YEAR)
    assert (totals.claimed_months, totals.computed_months) == (12 * len(people), 12 * len(people))
