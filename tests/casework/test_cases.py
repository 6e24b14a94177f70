"""A case from its number to its end, on the sample model."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.permissions import Role
from audit.errors import PermissionMissing, ReasonMissing, SecondPersonNeeded, TransitionNotAllowed
from audit.models import AuditEntry
from audit.queries import trail_of
from casework.case_kinds import CaseKind
from casework.errors import DayImpossible, NotExtendable
from casework.models import CaseFile, CaseLoad, CaseSeries, Side
from casework.services.case_file import write_message
from casework.services.cases import extend, open_case, recount_due_days, take_step
from law.deadlines import LegalPeriod, PeriodUnit, last_day
from law.holidays import PUBLISHED
from tests.accounts.factories import RegionFactory, UserFactory, officer
from tests.casework.factories import COUNTY, applicant, clerk, decider, request_of
from tests.casework.models import ANSWER, ASK, FULL, GRANT, PLAIN, WITHDRAW, Request, RequestState
from tests.whole.test_locks import meet
from tools.roles import as_owner

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
YEAR = timezone.localdate().year
EACH = 5


def together(*acts: Callable[[], object]) -> list[Exception]:
    """Let all of them set out at once, each on a connection of its own: what failed."""
    start, failures = threading.Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        try:
            start.wait()
            act()
        except Exception as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


# Numbers


def test_numbers_follow_each_other_within_kind_region_and_year() -> None:
    person, other = applicant(), RegionFactory(code="140106")
    actor = officer(Role.LEVY_OFFICER, "140100")
    numbers = [
        request_of(person, kind=kind, region=region, actor=actor).number
        for kind, region in ((FULL, None), (FULL, None), (PLAIN, None), (FULL, other))
    ]
    assert numbers == [
        f"普〔{YEAR}〕140105-000001",
        f"普〔{YEAR}〕140105-000002",
        f"简〔{YEAR}〕140105-000001",
        f"普〔{YEAR}〕140106-000001",
    ]


def test_a_new_year_begins_a_series_of_its_own() -> None:
    assert FULL.series_in(COUNTY, date(2027, 1, 1)) == "普〔2027〕140105-"


@pytest.mark.django_db(transaction=True)
def test_two_who_open_at_once_get_numbers_of_their_own_without_a_gap() -> None:
    person, actor, region = applicant(), clerk(), RegionFactory(code=COUNTY)

    def opens() -> None:
        for _each in range(EACH):
            request_of(person, actor=actor, region=region)

    assert together(opens, opens) == []
    numbers = sorted(Request.objects.values_list("file", flat=True))
    assert numbers == [f"普〔{YEAR}〕140105-{serial:06d}" for serial in range(1, 2 * EACH + 1)]


@pytest.mark.django_db(transaction=True)
def test_twin_two_who_read_the_last_number_without_the_lock_collide() -> None:
    both_have_read = threading.Barrier(2)

    def opens() -> None:
        with transaction.atomic():
            following = CaseFile.objects.count() + 1
            both_have_read.wait()
            CaseFile.objects.create(number=f"普〔{YEAR}〕140105-{following:06d}")

    (failure,) = together(opens, opens)
    assert isinstance(failure, IntegrityError)


def test_an_opening_that_is_rolled_back_leaves_no_gap() -> None:
    person, actor = applicant(), clerk()
    first = request_of(person, actor=actor)
    with pytest.raises(PermissionMissing):
        request_of(person, actor=officer(Role.LEVY_OFFICER, "140106"))
    second = request_of(person, actor=actor)
    assert (first.number[-6:], second.number[-6:]) == ("000001", "000002")


def test_twin_a_series_that_keeps_the_number_of_a_rolled_back_opening_has_a_gap() -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE without_rollback")
        given = []
        for is_rolled_back in (False, True, False):
            with transaction.atomic():
                cursor.execute("SELECT nextval('without_rollback')")
                given.append(cursor.fetchone()[0])
                transaction.set_rollback(is_rolled_back)
    assert given == [1, 2, 3]


def test_a_number_that_was_given_stays() -> None:
    case = request_of(applicant())
    for act in (
        case.delete,
        Request.objects.all().delete,
        case.file.delete,
        lambda: CaseFile.objects.update(number="别的"),
        lambda: CaseFile.objects.filter(pk=case.number).delete(),
    ):
        with pytest.raises((DatabaseError, ProtectedError)), transaction.atomic():
            act()
    assert CaseSeries.objects.get().last == 1


# Opening and the due day


@pytest.mark.parametrize(
    ("opened_on", "counted_to", "due_on"),
    [
        (date(2026, 2, 1), date(2026, 2, 16), date(2026, 2, 24)),  # Spring Festival to its end
        (date(2026, 1, 30), date(2026, 2, 14), date(2026, 2, 14)),  # a Saturday worked instead
        (date(2026, 3, 2), date(2026, 3, 17), date(2026, 3, 17)),
    ],
)
def test_the_due_day_is_counted_with_the_holidays(opened_on: date, counted_to: date, due_on: date) -> None:
    case = request_of(applicant(), kind=PLAIN, opened_on=opened_on)
    assert (case.due_on, case.due_unpublished, case.period_citation) == (due_on, [], "某办法第一条")
    assert (case.counted().counted_to, case.counted().day) == (counted_to, due_on)
    assert str(opened_on) in case.counted().steps()[0]


def test_a_due_day_that_waits_for_a_notice_on_holidays_says_so() -> None:
    period = LegalPeriod(60, PeriodUnit.YEAR, "地方办法第一条")
    case = request_of(applicant(), opened_on=date(2026, 3, 2), period=period)
    assert (case.period, case.due_unpublished) == (period, [2086])
    assert "2086年的放假安排尚未公布" in case.counted().steps()[-1]


def test_a_kind_without_a_period_has_no_due_day() -> None:
    case = request_of(applicant(), kind=replace(FULL, answer=None))
    assert (case.due_on, case.period, case.counted()) == (None, None, None)
    assert not Request.objects.overdue(date.max).exists()


def test_a_due_day_is_counted_again_after_a_notice() -> None:
    case = request_of(applicant(), kind=PLAIN, opened_on=date(2026, 2, 1))
    Request.objects.filter(pk=case.pk).update(due_on=date(2026, 2, 16), due_unpublished=[2026])  # as by weekends
    assert recount_due_days(Request.objects.unclosed()) == 1
    case.refresh_from_db()
    assert (case.due_on, case.due_unpublished) == (date(2026, 2, 24), [])
    assert trail_of(case).first().details["from"] == "2026-02-16"
    assert recount_due_days(Request.objects.unclosed()) == 0


def test_opening_leaves_one_entry_in_the_trail() -> None:
    case = request_of(applicant(), kind=PLAIN, opened_on=date(2026, 2, 1))
    (entry,) = trail_of(case)
    assert (entry.title, entry.region_code) == ("登记事项", COUNTY)
    assert entry.details == {"number": case.number, "kind": "plain", "due": "2026-02-24"}
    assert AuditEntry.objects.filter(object_type="sample.request").count() == 1
    assert case.subject == case.applicant


def test_a_case_is_not_received_tomorrow() -> None:
    with pytest.raises(DayImpossible):
        request_of(applicant(), opened_on=timezone.localdate() + timedelta(days=1))


def test_the_party_opens_its_own_case_and_nobody_elses() -> None:
    person, other = applicant(), applicant()
    case = request_of(person, actor=person, side=Side.PARTY)
    assert case.opened_by == person
    with pytest.raises(PermissionMissing):
        request_of(person, actor=other, side=Side.PARTY)
    with pytest.raises(PermissionMissing):  # a kind that the portal does not offer
        request_of(person, kind=PLAIN, actor=person, side=Side.PARTY)


# Extension


def test_an_extension_keeps_the_first_due_day_in_the_trail() -> None:
    case = request_of(applicant())
    first, counted = case.due_on, case.counted().counted_to
    extended = extend(case=case, reason="案情复杂", actor=decider())
    wanted = last_day(FULL.extension, counted, PUBLISHED)
    assert (extended.due_on, extended.counts_from, extended.period) == (wanted.day, counted, FULL.extension)
    assert extended.due_on > first
    entry = trail_of(case).first()
    assert (entry.action, entry.reason) == ("casework.case.extend", "案情复杂")
    assert (entry.details["from"], entry.details["to"]) == (first.isoformat(), wanted.day.isoformat())


def test_a_period_is_extended_once_with_a_reason_by_whoever_decides() -> None:
    case = request_of(applicant())
    with pytest.raises(PermissionMissing):
        extend(case=case, reason="案情复杂", actor=clerk())
    with pytest.raises(ReasonMissing):
        extend(case=case, reason=" ", actor=decider())
    extend(case=case, reason="案情复杂", actor=decider())
    with pytest.raises(NotExtendable):
        extend(case=case, reason="仍然复杂", actor=decider())


def test_a_period_that_is_over_or_has_no_extension_is_not_extended() -> None:
    for case in (
        request_of(applicant(), opened_on=date(2026, 2, 1)),
        request_of(applicant(), kind=PLAIN),
        request_of(applicant(), kind=replace(FULL, answer=None)),
    ):
        with pytest.raises(NotExtendable):
            extend(case=case, reason="案情复杂", actor=decider())


# Steps and the end


def test_a_case_is_closed_once() -> None:
    case = request_of(applicant())
    closed = take_step(case=case, step=GRANT, actor=decider())
    assert (closed.state, closed.closed_at is not None) == (RequestState.GRANTED, True)
    for again in (case, closed):
        with pytest.raises(TransitionNotAllowed):
            take_step(case=again, step=GRANT, actor=decider())
    with pytest.raises(TransitionNotAllowed):
        extend(case=closed, reason="案情复杂", actor=decider())
    assert trail_of(case).filter(action="sample.request.grant").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_extend_at_once_extend_it_once() -> None:
    case, first, second = request_of(applicant()), decider(), decider()
    sides = meet(*[lambda who=who: extend(case=case, reason="案情复杂", actor=who) for who in (first, second)])
    assert [type(side.failure) for side in sides] == [type(None), NotExtendable]
    assert trail_of(case).filter(action="casework.case.extend").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_turned", [False, True], ids=["the end first", "the message first"])
def test_a_message_of_the_party_comes_before_the_end_or_not_at_all(is_turned: bool) -> None:
    case, who = request_of(applicant()), decider()
    acts = [
        lambda: take_step(case=case, step=GRANT, actor=who),
        lambda: write_message(case=case, side=Side.PARTY, text="请等一等", actor=case.applicant),
    ]
    end, message = meet(*reversed(acts))[::-1] if is_turned else meet(*acts)
    assert end.failure is None
    assert isinstance(message.failure, type(None) if is_turned else TransitionNotAllowed)


@pytest.mark.django_db(transaction=True)
def test_two_who_close_at_once_close_it_once() -> None:
    case, first, second = request_of(applicant()), decider(), decider()
    (failure,) = together(*[lambda who=who: take_step(case=case, step=GRANT, actor=who) for who in (first, second)])
    assert isinstance(failure, TransitionNotAllowed)
    assert trail_of(case).filter(action="sample.request.grant").count() == 1


def test_a_step_of_another_kind_is_not_taken() -> None:
    person = applicant()
    case = request_of(person, kind=PLAIN)
    with pytest.raises(TransitionNotAllowed):
        take_step(case=case, step=WITHDRAW, actor=person)


def test_a_step_of_the_party_is_taken_by_the_party_alone() -> None:
    person, other = applicant(), applicant()
    case = take_step(case=request_of(person), step=ASK, actor=clerk(), reason="缺报告")
    assert other.can(ANSWER.permission, COUNTY), "the right alone does not say whose case it is"
    with pytest.raises(PermissionMissing):
        take_step(case=case, step=ANSWER, actor=other)
    assert take_step(case=case, step=ANSWER, actor=person).state == RequestState.OPEN


def test_the_kind_may_ask_for_a_second_person() -> None:
    case, who = request_of(applicant()), clerk()
    Request.objects.filter(pk=case.pk).update(opened_by=who)
    who.appointments.update(role=Role.FINANCE_OFFICER)
    with pytest.raises(SecondPersonNeeded):
        take_step(case=case, step=GRANT, actor=type(who).objects.get(pk=who.pk))


@pytest.mark.parametrize(
    "columns",
    [
        {"state": RequestState.GRANTED},
        {"closed_at": NOON},
        {"kind": "unknown"},
        {"due_on": date(2020, 1, 1)},
        {"due_on": None},
        {"period_unit": ""},
        {"extended_at": NOON},
    ],
    ids=str,
)
def test_the_database_refuses_a_case_that_contradicts_itself(columns: dict[str, object]) -> None:
    case = request_of(applicant())
    with pytest.raises(IntegrityError), transaction.atomic():
        Request.objects.filter(pk=case.pk).update(**columns)


# Lists


def test_a_stranger_of_another_region_gets_nothing() -> None:
    case = request_of(applicant())
    stranger, above = officer(Role.LEVY_OFFICER, "140106"), officer(Role.LEVY_OFFICER, "140100")
    for who in (stranger, applicant(), UserFactory()):
        assert not Request.objects.visible_to(who).exists()
        assert not Request.objects.kept_by(who).exists()
        assert not Request.objects.of_party(who).exists()
    assert list(Request.objects.visible_to(above)) == list(Request.objects.kept_by(above)) == [case]
    assert list(Request.objects.visible_to(case.applicant)) == list(Request.objects.of_party(case.applicant)) == [case]
    assert not Request.objects.kept_by(officer(Role.AUDITOR, COUNTY)).exists(), "sees it, but does not keep it"


def test_a_case_is_overdue_after_its_last_day() -> None:
    case = request_of(applicant(), kind=PLAIN, opened_on=date(2026, 2, 1))
    assert not Request.objects.overdue(date(2026, 2, 24)).exists()
    assert list(Request.objects.overdue(date(2026, 2, 25))) == [case]
    take_step(case=case, step=GRANT, actor=decider())
    assert not Request.objects.overdue(date(2026, 2, 25)).exists()


def test_a_case_waits_for_the_side_that_acts_next() -> None:
    asked = take_step(case=request_of(applicant()), step=ASK, actor=clerk(), reason="缺报告")
    waiting = request_of(applicant())
    take_step(case=request_of(applicant()), step=GRANT, actor=decider())
    assert list(Request.objects.waiting_for(Side.PARTY)) == [asked]
    assert list(Request.objects.waiting_for(Side.OFFICE)) == [waiting]


def test_a_line_of_the_desk_costs_one_query(django_assert_num_queries: Callable) -> None:
    for opened_on in (date(2026, 3, 2), date(2026, 2, 1)):
        request_of(applicant(), kind=PLAIN, opened_on=opened_on)
    with django_assert_num_queries(1):
        load = Request.objects.unclosed().load()
    assert load == CaseLoad(2, since=date(2026, 2, 1), due_on=date(2026, 2, 24))
    assert Request.objects.none().load() == CaseLoad(0, since=None, due_on=None)


# Declarations


@pytest.mark.parametrize(
    "wrong",
    [{"series": "普〔{year}〕"}, {"series": "普{region}-"}, {"steps": (ASK, WITHDRAW)}, {"papers": FULL.papers * 2}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_kind_that_contradicts_itself_is_not_declared(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="full: "):
        replace(FULL, **wrong)


def test_a_paper_is_found_by_its_code() -> None:
    kind: CaseKind = FULL
    assert [kind.paper(code).code for code in ("report", "delivery_proof", "other")] == [
        "report", "delivery_proof", "other"
    ]  # fmt: skip
    with pytest.raises(KeyError):
        PLAIN.paper("report")


def test_the_subject_and_the_first_state_come_from_the_caller() -> None:
    case = Request(applicant=applicant(), region=RegionFactory(code=COUNTY), opened_on=date(2026, 3, 2))
    opened = open_case(case=case, kind=FULL, actor=clerk())
    assert (opened.state, opened.definition, str(opened)) == (RequestState.OPEN, FULL, opened.number)
