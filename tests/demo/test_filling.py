"""Filling: the same seed gives the same data, only an empty database is filled, a killed fill continues."""

import hashlib

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.management.commands.load_regions import read_regions
from accounts.models import User
from accounts.services import load_regions
from config.settings import base
from demo.ledger import OtherFill
from demo.province import write_province
from demo.stages import Fill, fill_database
from quota.models import Employer
from tools.roles import as_owner

EMPLOYERS = 200
SHIPPED = settings.BASE_DIR / "fixtures" / "regions.csv"

# What the seed decides: everything but ciphertexts, ids and times.
CONTENTS = (
    "SELECT * FROM quota_employer ORDER BY id",
    "SELECT employer_id, levy_year, filed_on, is_in_force, is_late, state, source, staff_by_month, total_wages,"
    " claimed_months, computed_months, has_findings FROM quota_headcountreturn ORDER BY 1, 2, 3, 4",
    "SELECT employer_id, levy_year, name, person_key, born_on, form, contract_start, contract_end, post, reasons"
    " FROM quota_placement LEFT JOIN quota_placementcheck ON placement_id = id ORDER BY 1, 2, 4, 7",
    "SELECT kind, number_key, person_key, name, category, level, valid_from, valid_until, state"
    " FROM quota_certificate ORDER BY 1, 2",
    "SELECT * FROM quota_insurancemonth ORDER BY person_key, employer_id, month",
    "SELECT * FROM quota_wagepayment ORDER BY person_key, employer_id, month, amount, occurrence",
    "SELECT agency_id, host_id, person_key, starts_on, ends_on FROM quota_dispatchagreement ORDER BY 1, 2, 3",
    "SELECT region_id, kind, value, valid_from, document_number FROM quota_regionalnumber ORDER BY 1, 2, 4",
    "SELECT employer_id, levy_year, outcome, credited_months, payable FROM levy_assessment ORDER BY 2, 1",
    "SELECT receipt_number, employer_id, levy_year, amount, received_on, budget_level"
    " FROM collection_payment ORDER BY 1",
    "SELECT employer_id, levy_year, state, amount FROM subsidies_award ORDER BY 2, 1",
)


def fill(seed: int = 1, employers: int = EMPLOYERS, tell=lambda line: None) -> None:
    with as_owner():
        fill_database(Fill(employers=employers, seed=seed, tell=tell))


def digest() -> str:
    whole = hashlib.sha256()
    with connection.cursor() as cursor:
        for query in CONTENTS:
            cursor.execute(query)
            whole.update(repr(cursor.fetchall()).encode())
    return whole.hexdigest()


class Killed(Exception):
    pass


class Killer:
    """Stops the fill at the first of these progress messages."""

    def __init__(self, *signs: str) -> None:
        self.signs = list(signs)

    def tell(self, line: str) -> None:
        for sign in self.signs:
            if line.startswith(sign):
                self.signs.remove(sign)
                raise Killed


@pytest.mark.django_db
def test_killed_fill_goes_on_and_ends_with_the_data_of_a_whole_one():
    with transaction.atomic():
        fill()
        whole = digest()
        transaction.set_rollback(True)
    killer = Killer(f"{EMPLOYERS}/", "认定 50/", "核定 ", "2024年度：核对", "2024年度：缴费", "超比例奖励")
    while killer.signs:
        with pytest.raises(Killed):
            fill(tell=killer.tell)
    fill()
    assert digest() == whole


@pytest.mark.django_db
def test_another_seed_gives_other_units():
    load_regions(names=read_regions(SHIPPED), actor=None)
    names = []
    for seed in (1, 1, 2):
        with transaction.atomic(), as_owner():
            write_province(employers=EMPLOYERS, seed=seed, on_progress=lambda done: None)
            names.append(list(Employer.objects.values_list("name", flat=True)))
            transaction.set_rollback(True)
    assert names[0] == names[1] != names[2]


@pytest.mark.django_db
def test_database_with_a_person_is_left_alone():
    User.objects.create(username="somebody")
    with pytest.raises(CommandError, match="只能装入空库"):
        call_command("demo")
    assert not Employer.objects.exists()


@pytest.mark.django_db
def test_killed_fill_is_not_mixed_with_another():
    with pytest.raises(Killed):
        fill(tell=Killer("单位").tell)
    with pytest.raises(OtherFill, match=f"--employers {EMPLOYERS} --seed 1"):
        fill(seed=2)
    with pytest.raises(OtherFill):
        fill(employers=EMPLOYERS + 1)


@pytest.mark.parametrize("count", ["0", "199", "1000001"])
def test_number_of_units_has_bounds(count):
    with pytest.raises(CommandError, match="200"):
        call_command("demo", "--employers", count)


def test_production_has_no_demo():
    assert "demo" not in base.INSTALLED_APPS
    assert "demo" not in (settings.BASE_DIR / "config" / "settings" / "production.py").read_text(encoding="utf-8")
