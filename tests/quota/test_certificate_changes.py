"""A certificate is changed by the office that registered it, with a second person; the offices of its claims hear."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Region, User
from accounts.permissions import Role
from audit.errors import ReasonMissing, SecondPersonNeeded, TransitionNotAllowed
from audit.models import AuditEntry
from casework.desk import Waiting, all_lines
from casework.errors import MatterChanged
from exchange.models import ImportedFile
from exchange.services.approvals import decision_about
from exchange.services.uploads import order_writing, read_file, write_file
from quota.enums import ReturnState
from quota.kinds import CERTIFICATES
from quota.models import Certificate, CertificateChange, HeadcountReturn
from quota.queries.certificate_changes import shown_of_changes, unseen_changes
from quota.services.batches import agreeing
from quota.services.certificate_changes import look_at_changes
from tests.accounts.factories import RegionFactory, officer
from tests.exchange.files import Row, load
from tests.quota.factories import EmployerFactory, employer_account, filed_return, identity_number, placement
from tests.quota.test_hands import received, upload, verifier_and_loader
from tests.steps import take_step

pytestmark = pytest.mark.django_db
COUNTY, NEIGHBOUR, PROVINCE = "140105", "140106", "140000"


def registered(
    person: str, *, level: str = "3", state: str = "有效", name: str = "郭秀兰", until: str = "2030-01-01"
) -> Row:
    return ["残疾人证", f"{person}43", name, person, "", level, "2020-01-01", until, state]


@pytest.fixture
def person() -> str:
    return identity_number()


@pytest.fixture
def filed(person: str) -> HeadcountReturn:
    """A return, sent back by an officer, that claims the holder of a certificate of its county."""
    for code in (PROVINCE, COUNTY, NEIGHBOUR):
        RegionFactory(code=code)
    employer = EmployerFactory(region_id=COUNTY)
    placement(employer, identity=person)
    Certificate.objects.update(region=COUNTY)
    filed = filed_return(employer)
    told = {"state": ReturnState.SENT_BACK, "sent_back_at": timezone.now(), "sent_back_reason": "请补正"}
    HeadcountReturn.objects.filter(pk=filed.pk).update(**told)
    return filed


def faults(rows: list[Row], code: str) -> list[dict[str, str]]:
    """What an officer of this region is told of an upload."""
    file = received("certificates", rows, officer(Role.SERVICE_OFFICER, code))
    read_file(file=file)
    file.refresh_from_db()
    return file.faults


def waits(reader: User) -> dict[str, int]:
    return {line.label: line.count for line in all_lines(reader) if isinstance(line, Waiting) and line.count}


# The region of the holder


@pytest.mark.parametrize(
    "change", [{"state": "注销"}, {"level": "1"}, {"name": "张三"}, {"until": "2031-01-01"}], ids=str
)
def test_another_county_changes_no_certificate(filed: HeadcountReturn, person: str, change: dict[str, str]) -> None:
    (fault,) = faults([registered(person, **change)], NEIGHBOUR)
    assert (fault["heading"], fault["reason"]) == ("证件号码", "该证件不是由您的管辖地区登记的。")
    assert "登记地区的残联" in fault["cure"]


@pytest.mark.parametrize("code", [COUNTY, PROVINCE])
def test_twin_the_own_county_and_its_province_do(filed: HeadcountReturn, person: str, code: str) -> None:
    assert faults([registered(person, level="1")], code) == []


def test_the_national_register_is_the_command_lines(filed: HeadcountReturn, person: str) -> None:
    Certificate.objects.update(region=None)
    rows = [registered(person, level="1")]
    assert len(faults(rows, PROVINCE)) == 1
    for actor in (None, officer(Role.SERVICE_OFFICER, NEIGHBOUR)):
        assert load(CERTIFICATES, rows, actor=actor).faults == []
    assert (Certificate.objects.get().region, Certificate.objects.get().level) == (None, 1)


def test_an_office_may_repeat_what_the_national_register_says(filed: HeadcountReturn, person: str) -> None:
    rows = [registered(person)]
    load(CERTIFICATES, rows)
    Certificate.objects.update(region=None)
    assert faults(rows, NEIGHBOUR) == []


# The offices and employers of the claims


def test_the_office_and_the_employer_are_told_of_a_change(filed: HeadcountReturn, person: str) -> None:
    load(CERTIFICATES, [registered(person, level="1", state="注销", name="张三")])
    change = CertificateChange.objects.get()
    assert (change.headcount_return, change.was_level, change.level) == (filed, 3, 1)
    assert (change.was_state, change.state, change.was_name, change.name) == ("valid", "cancelled", "郭秀兰", "张三")
    assert waits(officer(Role.VERIFIER, COUNTY))["证件变化影响的申报"] == 1
    assert "证件变化影响的申报" not in waits(officer(Role.VERIFIER, NEIGHBOUR))
    assert waits(employer_account(filed.employer))["登记信息有变化，残联将重新核对"] == 1
    assert "登记信息有变化，残联将重新核对" not in waits(employer_account(EmployerFactory(region_id=COUNTY)))


def test_what_decides_nothing_is_not_told(filed: HeadcountReturn, person: str) -> None:
    load(CERTIFICATES, [registered(person)])
    assert not CertificateChange.objects.exclude(was_valid_from=None).exists()
    load(CERTIFICATES, [[*registered(person)[:4], "4", *registered(person)[5:]]])  # the category
    assert not CertificateChange.objects.exclude(was_valid_from=None).exists()


def test_a_period_that_ends_is_told_like_a_cancellation(filed: HeadcountReturn, person: str) -> None:
    load(CERTIFICATES, [registered(person)])
    CertificateChange.objects.all().delete()
    load(CERTIFICATES, [registered(person, until="2025-06-30")])
    assert unseen_changes(filed)[0].count("有效期止由2030年1月1日变为2025年6月30日") == 1


def test_before_a_decision_the_employer_hears_of_no_change(filed: HeadcountReturn, person: str) -> None:
    """It would tell that the typed number is the register's."""
    HeadcountReturn.objects.filter(pk=filed.pk).update(state=ReturnState.CHECKED)
    load(CERTIFICATES, [registered(person, level="1")])
    assert "登记信息有变化，残联将重新核对" not in waits(employer_account(filed.employer))
    assert waits(officer(Role.VERIFIER, COUNTY))["证件变化影响的申报"] == 1


def test_the_employer_learns_no_detail(filed: HeadcountReturn, person: str, signed_in: Callable[..., Client]) -> None:
    load(CERTIFICATES, [registered(person, level="1", state="注销")])
    home = signed_in(employer_account(filed.employer)).get("/home/").content.decode()
    assert "登记信息有变化，残联将重新核对" in home
    assert "注销" not in home
    assert "郭秀兰" not in home


def test_an_officer_looks_and_the_line_goes(
    filed: HeadcountReturn, person: str, signed_in: Callable[..., Client]
) -> None:
    HeadcountReturn.objects.filter(pk=filed.pk).update(state=ReturnState.CHECKED)
    load(CERTIFICATES, [registered(person, level="1")])
    verifier = officer(Role.VERIFIER, COUNTY)
    client = signed_in(verifier)
    assert f"/verification/{filed.pk}/" in client.get("/verification/certificates/").content.decode()
    page = client.get(f"/verification/{filed.pk}/").content.decode()
    assert "残疾等级由3变为1" in page
    assert "残疾等级由3变为1" in client.get(f"/verification/{filed.pk}/certificates-seen/").content.decode()
    answer = take_step(client, f"/verification/{filed.pk}/certificates-seen/", reason="已与登记机关核实")
    assert answer.url == f"/verification/{filed.pk}/"
    assert "证件变化影响的申报" not in waits(verifier)
    assert AuditEntry.objects.get(action="quota.headcountreturn.look_at_certificates").actor == verifier
    with pytest.raises(TransitionNotAllowed):
        look_at_changes(headcount_return=filed, reason="再看", actor=verifier)


def test_a_look_is_at_what_was_shown(filed: HeadcountReturn, person: str) -> None:
    load(CERTIFICATES, [registered(person, level="1")])
    seen = shown_of_changes(filed)
    load(CERTIFICATES, [registered(person, level="2")])
    with pytest.raises(MatterChanged):
        look_at_changes(headcount_return=filed, reason="无碍", actor=officer(Role.VERIFIER, COUNTY), seen=seen)


def test_the_quick_lane_leaves_a_return_whose_certificate_changed(filed: HeadcountReturn, person: str) -> None:
    HeadcountReturn.objects.filter(pk=filed.pk).update(
        state=ReturnState.CHECKED, claimed_months=0, computed_months=0, has_findings=False
    )
    where = {"levy_year": filed.levy_year, "region": Region.objects.get(pk=COUNTY)}
    actor = officer(Role.VERIFIER, COUNTY)
    assert agreeing(**where, actor=actor, source=ReturnState.CHECKED).returns == 1
    load(CERTIFICATES, [registered(person, state="注销")])
    assert agreeing(**where, actor=actor, source=ReturnState.CHECKED).returns == 0
    look_at_changes(headcount_return=filed, reason="无碍", actor=actor)
    assert agreeing(**where, actor=actor, source=ReturnState.CHECKED).returns == 1


def test_a_look_needs_a_reason(filed: HeadcountReturn, person: str) -> None:
    load(CERTIFICATES, [registered(person, level="1")])
    with pytest.raises(ReasonMissing):
        look_at_changes(headcount_return=filed, reason=" ", actor=officer(Role.VERIFIER, COUNTY))


def test_auditors_see_the_list_and_decide_nothing(filed: HeadcountReturn, signed_in: Callable[..., Client]) -> None:
    auditor = signed_in(Role.AUDITOR, COUNTY)
    assert auditor.get("/verification/certificates/").status_code == 200
    assert auditor.get(f"/verification/{filed.pk}/certificates-seen/").status_code == 403


def test_who_loaded_the_change_does_not_wave_it_through(filed: HeadcountReturn, person: str) -> None:
    both = verifier_and_loader()
    upload("certificates", [registered(person, state="冻结")], both, verifier_and_loader())
    with pytest.raises(SecondPersonNeeded):
        look_at_changes(headcount_return=filed, reason="无碍", actor=both)


# Two people


@pytest.mark.parametrize(
    "change", [{"state": "注销"}, {"level": "1"}, {"name": "张三"}, {"until": "2025-06-30"}], ids=str
)
def test_one_person_alone_changes_no_certificate(filed: HeadcountReturn, person: str, change: dict[str, str]) -> None:
    loader = officer(Role.SERVICE_OFFICER, COUNTY)
    file = received("certificates", [registered(person, **change)], loader)
    read_file(file=file)
    file.refresh_from_db()
    for alone in (loader, officer(Role.SERVICE_OFFICER, COUNTY)):
        with pytest.raises(SecondPersonNeeded):
            order_writing(file=file, only_sound_rows=False, actor=alone)
    with pytest.raises(SecondPersonNeeded):
        decision_about(file).approve(file, actor=loader)
    assert Certificate.objects.get().level == 3
    decision_about(file).approve(file, actor=officer(Role.SERVICE_OFFICER, COUNTY))
    write_file(file=ImportedFile.objects.get(pk=file.pk))
    assert CertificateChange.objects.get().file == file


def test_new_certificates_belong_to_the_loaders_region_and_need_nobody_else(filed: HeadcountReturn) -> None:
    file = upload("certificates", [registered(identity_number())], officer(Role.SERVICE_OFFICER, COUNTY))
    assert not file.needs_second
    assert Certificate.objects.get(file=file).region_id == COUNTY
