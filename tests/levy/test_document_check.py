"""文书核验: the facts that anyone with a document learns, and those that no one learns."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.permissions import Role
from design.document_codes import ALPHABET, LENGTH, grouped, new_code, tidied
from disclosure.views.documents import CHECKS_PER_MINUTE
from levy.documents.notice import notice_sheets
from levy.models import Assessment, Notice
from levy.queries.documents import DocumentStanding, check_document
from levy.services import corrections
from quota.documents.headcount_certificate import certificate_code
from quota.models import Employer, VerifiedHeadcount
from tests.levy.factories import confirmed_run
from tests.levy.papers import COUNTY, employer, issued, levy_officer, name_regions

ADDRESS = "/verify-document/"


@pytest.fixture(autouse=True)
def _shanxi(db: None) -> None:
    name_regions()


@pytest.fixture
def notice() -> Notice:
    made = employer(uscc="91140105MA0KQ7X52Q")
    confirmed_run()
    return issued(made)


def asked(**query: str) -> str:
    return Client().get(ADDRESS, query).content.decode()


def test_a_genuine_notice_is_valid_and_told_without_its_amount_or_name(notice: Notice) -> None:
    page = asked(number=notice.number, code=grouped(notice.verification_code).lower())
    assert "有效" in page
    assert "山西省太原市小店区" in page
    assert "1万元至10万元" in page
    assert "X52Q" in page
    for secret in ("43,612.84", "43612.84", "太原清和", "91140105MA0KQ7X52Q"):
        assert secret not in page


def test_the_code_of_the_qr_is_enough_for_a_notice(notice: Notice) -> None:
    assert check_document(code=notice.verification_code).number == notice.number


@pytest.mark.parametrize("brackets", ["〔2026〕", "[2026]", "（2026）", "【2026】"])
def test_the_brackets_of_a_number_may_be_those_of_any_keyboard(notice: Notice, brackets: str) -> None:
    Notice.objects.update(number="残核〔2026〕140105-000017")
    number = f"残核{brackets}140105-000017 "
    assert check_document(code=notice.verification_code, number=number) is not None


@pytest.mark.parametrize(
    "query",
    [
        {"code": "0" * 16},
        {"code": "X"},
        {"code": "%' OR 1=1 --"},
        {"code": "\x00" * 16},
        {"code": "啊" * 16},
        {"code": "AAAA AAAA AAAA AAAA", "number": "残核〔2026〕140105-000001"},
    ],
)
def test_anything_else_is_not_found(notice: Notice, query: dict[str, str]) -> None:
    response = Client().get(ADDRESS, query)
    assert response.status_code == 200
    page = response.content.decode()
    assert "未找到" in page or "错误：" in page
    assert "小店区" not in page


def test_a_right_code_with_another_document_s_number_is_not_found(notice: Notice) -> None:
    assert check_document(code=notice.verification_code, number=notice.number[:-1] + "9") is None


def test_a_replaced_notice_points_to_the_new_one_once_two_people_agreed(notice: Notice) -> None:
    VerifiedHeadcount.objects.update(credited_months=30)
    correction = corrections.propose_correction(
        assessment=notice.assessment, ground="objection", reason="多认定3人月", actor=levy_officer()
    )
    assert check_document(code=notice.verification_code).standing is DocumentStanding.VALID
    corrections.CORRECTIONS.approve(correction, actor=levy_officer())
    answer = check_document(code=notice.verification_code)
    assert (answer.standing, answer.replaced_by) == (DocumentStanding.REPLACED, "")
    new = issued(notice.assessment.employer)
    assert check_document(code=notice.verification_code).replaced_by == new.number
    assert f"现以{new.number}为准" in asked(code=notice.verification_code)


def corrected(made: Employer, months: int) -> None:
    VerifiedHeadcount.objects.update(credited_months=months)
    correction = corrections.propose_correction(
        assessment=Assessment.objects.current().get(employer=made), ground="audit", reason="检查", actor=levy_officer()
    )
    corrections.CORRECTIONS.approve(correction, actor=levy_officer())


def test_a_notice_corrected_twice_points_to_the_one_in_force(notice: Notice, signed_in: Callable[..., Client]) -> None:
    made, client = notice.assessment.employer, signed_in(Role.LEVY_OFFICER, COUNTY)
    corrected(made, 30)
    corrected(made, 33)
    last = issued(made)
    assert check_document(code=notice.verification_code).replaced_by == last.number
    assert "尚未签发" not in client.get(reverse("levy:notice", args=[notice.number])).content.decode()
    assert f"本通知替代{notice.number}号通知书" in notice_sheets([last])[0]
    corrected(made, 36)
    assert check_document(code=notice.verification_code).replaced_by == ""


def test_a_certificate_is_checked_by_number_and_code_and_may_be_withdrawn() -> None:
    headcount = employer().verified_headcounts.get()
    code = certificate_code(headcount)
    assert check_document(code=code) is None
    answer = check_document(code=code, number=headcount.number)
    assert (answer.standing, answer.credited_months, answer.uscc_tail) == (
        DocumentStanding.VALID, 27, headcount.employer.uscc[-4:]
    )  # fmt: skip
    VerifiedHeadcount.objects.update(withdrawn_at=timezone.now())
    assert check_document(code=code, number=headcount.number).standing is DocumentStanding.WITHDRAWN
    assert "已撤回" in asked(code=code, number=headcount.number)


def test_the_page_sets_no_cookie_and_is_never_kept(notice: Notice) -> None:
    for query in ({}, {"code": notice.verification_code}):
        response = Client().get(ADDRESS, query)
        assert not response.cookies
        assert "no-store" in response["Cache-Control"]
        assert "csrfmiddlewaretoken" not in response.content.decode()


def test_whoever_asks_too_often_is_told_to_wait(notice: Notice) -> None:
    client = Client()
    statuses = [client.get(ADDRESS, {"code": "X"}).status_code for _ in range(CHECKS_PER_MINUTE + 1)]
    assert statuses == [200] * CHECKS_PER_MINUTE + [429]
    assert client.get(ADDRESS).status_code == 200  # the empty form costs nothing


def test_the_address_in_the_qr_code_is_the_public_page(settings: object) -> None:
    assert reverse("disclosure:document_check") == ADDRESS


def test_codes_are_long_and_unlike_each_other_and_hold_no_sign_that_looks_like_another() -> None:
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(len(code) == LENGTH and set(code) <= set(ALPHABET) for code in codes)
    assert not set(ALPHABET) & set("0O1ILU2Z5SB")
    assert re.fullmatch(r"(\w{4} ){3}\w{4}", grouped(codes.pop()))
    assert tidied(" ｋ7q4-93mx 3htd rwka") == "K7Q493MX3HTDRWKA"
