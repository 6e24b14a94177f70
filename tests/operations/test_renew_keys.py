"""A leaked key can be replaced: sealed data move to a new one, however often the work is interrupted (promise E7)."""

import base64
import os
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from cryptography.exceptions import InvalidTag
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import models

from accounts import sealing
from accounts.identity import decrypt, encrypt
from accounts.models import SecondFactor
from accounts.permissions import Role
from accounts.sealing import newest_key, seal, seal_bytes, unseal
from accounts.sign_in.second_factor import PURPOSE as SECOND_FACTOR
from casework.services.case_file import paper_content
from exchange.models import FileState, ImportedFile
from exchange.services.uploads import PURPOSE as UPLOAD
from exchange.services.uploads import uploaded_source
from operations import keys
from quota.models import Certificate, Placement
from tests.accounts.factories import officer
from tests.casework.factories import applicant, paper_in, request_of
from tests.quota.factories import EmployerFactory, identity_number, placement
from tools.roles import as_owner

pytestmark = pytest.mark.django_db
PEOPLE = 12
# Hashes of the audit trail's chain, and nothing else that is binary and not sealed.
NOT_SEALED = {("audit.auditentry", "previous_hash"), ("audit.auditentry", "hash")}

# Printed notices on their way to the post, and data open to everybody.
NOT_SEALED_FILES = {("levy.documentbatch", "result"), ("disclosure.publishedfile", "stored")}


@pytest.fixture
def use_keys(settings) -> Iterator[Callable[..., None]]:
    def use(*keys: str) -> None:
        settings.IDENTITY_KEYS = list(keys)
        sealing._ciphers.cache_clear()

    yield use
    sealing._ciphers.cache_clear()


def new_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def people() -> dict[int, str]:
    """Placements sealed with the old key, and the number that each must still give."""
    employer = EmployerFactory()
    numbers = [identity_number() for _person in range(PEOPLE)]
    return {placement(employer=employer, identity=number).pk: number for number in numbers}


def first_bytes() -> set[int]:
    return {
        bytes(getattr(row, name))[0]
        for model, columns in keys.sealed_columns().items()
        for row in model._base_manager.all()
        for name in columns
    }


def test_every_sealed_column_is_known() -> None:
    binary = {
        (model._meta.label_lower, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.BinaryField)
    }
    known = {(model._meta.label_lower, name) for model, names in keys.sealed_columns().items() for name in names}
    assert binary - NOT_SEALED == known


def test_work_cut_off_five_times_ends_with_everything_under_the_new_key(
    people: dict[int, str], use_keys: Callable[..., None], settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Certificate.objects.earliest("pk")
    Certificate.objects.filter(pk=known.pk).update(name="改名")  # one event in the history, with its own copy
    events = apps.get_model("quota", "CertificateEvent").objects
    assert events.count() == 1
    before = list(Placement.objects.order_by("pk").values_list("pk", "person_key", "name", "certificate_key"))
    old = settings.IDENTITY_KEYS[0]
    use_keys(new_key(), old)
    monkeypatch.setattr(keys, "BATCH", 2)
    for _cut in range(5):
        with as_owner():
            next(iter(keys.renew_rows(Placement, keys.sealed_columns()[Placement])))
        assert first_bytes() == {0, 1}, "old and new are read side by side"
        assert {pk: decrypt(row.identity_encrypted) for pk, row in Placement.objects.in_bulk().items()} == people
    out = StringIO()
    with as_owner():
        call_command("renew_keys", stdout=out)
    assert "残疾职工：2\n" in out.getvalue()
    assert first_bytes() == {1}
    assert list(Placement.objects.order_by("pk").values_list("pk", "person_key", "name", "certificate_key")) == before
    assert events.count() == 1, "nothing about a person has changed"

    use_keys(settings.IDENTITY_KEYS[0], "")  # the old one is struck out, its place stays
    assert {pk: decrypt(row.identity_encrypted) for pk, row in Placement.objects.in_bulk().items()} == people


def test_every_column_that_names_a_file_is_known() -> None:
    files = {
        (model._meta.label_lower, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.FileField)
    }
    known = {(model._meta.label_lower, name) for model, names in keys.SEALED_FILES.items() for name in names}
    assert files - NOT_SEALED_FILES == known


def test_second_factors_and_kept_uploads_move_too(use_keys: Callable[..., None], settings) -> None:
    person = officer(Role.VERIFIER, "140105")
    SecondFactor.objects.create(user=person, secret=seal("JBSWY3DPEHPK3PXP", SECOND_FACTOR), last_step=0)
    file = ImportedFile(kind="insurance", name="a.csv", state=FileState.CHECKED, loaded_by=person)
    file.stored.save("insurance.sealed", ContentFile(seal_bytes(b"a,b\n", UPLOAD)))
    former = file.stored.path
    paper = paper_in(request_of(applicant()), content=b"%PDF")
    use_keys(new_key(), settings.IDENTITY_KEYS[0])
    with as_owner():
        call_command("renew_keys", stdout=StringIO())
    use_keys(settings.IDENTITY_KEYS[0], "")
    assert unseal(SecondFactor.objects.get().secret, SECOND_FACTOR) == "JBSWY3DPEHPK3PXP"
    file.refresh_from_db()
    assert uploaded_source(file).content == b"a,b\n"
    assert file.stored.path != former
    paper.refresh_from_db()
    assert paper_content(paper) == b"%PDF"
    assert not [left for model in keys.SEALED_FILES for left in keys.renew_files(model)], "nothing is left to do"


def test_twin_without_the_renewal_a_struck_out_key_costs_the_number(
    people: dict[int, str], use_keys: Callable[..., None]
) -> None:
    use_keys(new_key(), "")
    assert newest_key() == 1
    row = Placement.objects.earliest("pk")
    with pytest.raises(KeyError):
        decrypt(row.identity_encrypted)


def test_a_value_moved_to_another_use_is_not_renewed(use_keys: Callable[..., None], settings) -> None:
    stored = encrypt(identity_number())
    use_keys(new_key(), settings.IDENTITY_KEYS[0])
    with pytest.raises(InvalidTag):
        sealing.renew(stored, UPLOAD)
