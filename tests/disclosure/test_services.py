"""From a confirmed year to the public pages: true copies, two people, and no way back in."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from psycopg.errors import InsufficientPrivilege

from accounts.permissions import Role
from audit.errors import PermissionMissing, ReasonMissing, SecondPersonNeeded, TransitionNotAllowed
from audit.models import AuditEntry
from disclosure.errors import (
    EmbargoHolds,
    FiguresDisagree,
    NothingConfirmed,
    PublicationInPreparation,
    WiderPublicationExists,
)
from disclosure.models import (
    FilingBand,
    LevyBand,
    Publication,
    PublicationState,
    PublishedEntry,
    PublishedRegion,
    Settlement,
    ShareBand,
    Standing,
)
from disclosure.queries.figures import total
from disclosure.services import publications as services
from law.codes import EntityType
from levy.models import Assessment, AssessmentRun, Supersession
from quota.models import RegionalNumber
from tests.accounts.factories import RegionFactory, UserFactory, officer
from tests.disclosure.factories import (
    DATONG,
    PINGCHENG,
    SHANXI,
    TAIYUAN,
    XIAODIAN,
    YINGZE,
    draft,
    employer,
    finance,
    mixed_employers,
    pay,
    published,
    regions,
)
from tests.levy.factories import confirmed_run, draft_run
from tests.quota.factories import verified_year
from tools.roles import as_owner

pytestmark = pytest.mark.django_db


@pytest.fixture
def employers():
    regions()
    return mixed_employers()


def entry_of(publication: Publication, unit) -> PublishedEntry:
    return publication.entries.get(uscc=unit.uscc)


def test_each_employer_is_copied_with_its_bands(employers):
    confirmed_run()
    pay(employers["half"], "5000.00")
    publication = draft()
    assert publication.state == PublicationState.DRAFT
    assert publication.entry_count == 5
    rows = {name: entry_of(publication, unit) for name, unit in employers.items() if name != "trader"}
    described = {
        name: (row.standing, row.share_band, row.filing, row.levy_band, row.settlement) for name, row in rows.items()
    }
    assert described == {
        "above": (Standing.MET, ShareBand.MET, FilingBand.ON_TIME, LevyBand.NOTHING, Settlement.NOTHING_DUE),
        "half": (Standing.BELOW, ShareBand.BELOW, FilingBand.ON_TIME, LevyBand.BELOW_100K, Settlement.PART),
        "late": (Standing.BELOW, ShareBand.BELOW, FilingBand.LATE, LevyBand.BELOW_100K, Settlement.UNPAID),
        "small": (
            Standing.EXEMPT,
            ShareBand.BELOW,
            FilingBand.ON_TIME,
            LevyBand.NOTHING,
            Settlement.NOTHING_DUE,
        ),
        "missing": (Standing.MISSING, ShareBand.UNKNOWN, FilingBand.NONE, LevyBand.UNKNOWN, Settlement.UNKNOWN),
    }
    assert (rows["half"].required_months, rows["half"].credited_months) == (Decimal(18), 12)
    assert (rows["above"].name, rows["above"].region_name) == ("清和精密制造有限公司", "小店区")
    assert [name for name, row in rows.items() if not row.is_verified] == ["missing"]


def test_sole_traders_are_not_published(employers):
    confirmed_run()
    assert not draft().entries.filter(uscc=employers["trader"].uscc).exists()


def test_without_any_reported_payment_nobody_is_called_unpaid(employers):
    confirmed_run()
    assert set(draft().entries.values_list("settlement", flat=True)) == {Settlement.UNKNOWN, Settlement.NOTHING_DUE}


def test_figures_hold_counts_and_exact_person_months_by_unit_type(employers):
    confirmed_run()
    figures = {figure.entity_type: figure for figure in draft().figures.all()}
    enterprises = figures[EntityType.ENTERPRISE]
    assert (enterprises.unit_count, enterprises.verified_count, enterprises.payer_count) == (3, 3, 1)
    assert (enterprises.met_count, enterprises.below_count, enterprises.exempt_count) == (1, 1, 1)
    assert (enterprises.credited_months, enterprises.required_months) == (36, Decimal("39.6"))
    assert enterprises.shortfall_months == Decimal("9.6")  # 6 and 3.6: who is above the ratio offsets nobody
    assert figures[EntityType.INSTITUTION].payable_total == Decimal("81000.00")
    assert figures[EntityType.ASSOCIATION].missing_count == 1


def test_totals_are_those_of_the_run(employers):
    run = confirmed_run()
    publication = draft()
    assert publication.payable_total == run.payable_total == Decimal("96000.00")
    assert total(publication.figures.all()).payable_total == run.payable_total


def test_the_required_heads_follow_the_ratio_that_the_run_pinned(employers):
    confirmed_run()
    RegionalNumber.objects.filter(kind="required_ratio").update(value=Decimal("0.02"))
    assert entry_of(draft(), employers["half"]).required_months == Decimal(18)


def test_lines_of_the_table_name_own_and_total_rows():
    regions()
    for place in (XIAODIAN, YINGZE, TAIYUAN, PINGCHENG):
        verified_year(employer(place))
    confirmed_run()
    lines = PublishedRegion.objects.filter(publication=draft()).order_by("code", "is_own")
    assert [(line.name, line.parent_code) for line in lines] == [
        ("山西省", ""),
        ("太原市", SHANXI),
        ("太原市本级", TAIYUAN),
        ("小店区", TAIYUAN),
        ("迎泽区", TAIYUAN),
        ("大同市", SHANXI),
        ("平城区", DATONG),
    ]


def test_a_figure_that_disagrees_fails_the_publication(employers):
    """The guard: with one assessment missing from the copy, nothing becomes a draft."""
    confirmed_run()
    publication = services.start_publication(levy_year=2025, region=RegionFactory(code=SHANXI), actor=finance())
    AssessmentRun.objects.update(payable_total=Decimal("96000.01"))
    services.freeze_publication(publication_id=publication.pk)
    publication.refresh_from_db()
    assert publication.state == PublicationState.FAILED
    assert "不一致" in publication.error
    assert not publication.entries.exists()


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("disclosure_publishedfigure", "payable_total"),
        ("disclosure_publishedfigure", "credited_months"),
        ("disclosure_publishedfigure", "unit_count"),
        ("disclosure_publishedentry", "credited_months"),
    ],
)
def test_one_changed_figure_is_found_before_publishing(employers, table, column):
    confirmed_run()
    publication = draft()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")  # somebody got past the triggers
        changed = "0.01" if column == "payable_total" else "1"
        extra = ", met_count = met_count + 1" if column == "unit_count" else ""
        cursor.execute(f"UPDATE {table} SET {column} = {column} + {changed}{extra} WHERE entity_type = 'enterprise'")
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    with pytest.raises(FiguresDisagree):
        services.PUBLICATIONS.approve(publication, actor=finance())


def corrected(old: Assessment, payable: str) -> None:
    """An approved correction, as the levy app makes one: a separate run whose row replaces the old one."""
    run = AssessmentRun.objects.create(
        levy_year=old.levy_year,
        region=old.region,
        policy_version=old.run.policy_version,
        is_correction=True,
        state="computing",
    )
    fields = {f.attname: getattr(old, f.attname) for f in Assessment._meta.concrete_fields if f.attname != "id"}
    gross = Decimal(payable) * 2
    new = Assessment.objects.create(
        **fields | {"run_id": run.pk, "gross": gross, "relief": gross / 2, "payable": Decimal(payable)}
    )
    first, second = UserFactory(), UserFactory()
    now = timezone.now()
    AssessmentRun.objects.filter(pk=run.pk).update(
        state="confirmed", finished_at=now, payable_total=payable, employer_count=1,
        checked_at=now, checked_by=first, confirmed_at=now, confirmed_by=second,
    )  # fmt: skip
    Supersession.objects.create(
        old=old,
        new=new,
        ground="correction",
        reason="误报工资",
        state="approved",
        proposed_by=first,
        approved_by=second,
        approved_at=now,
    )


def test_a_correction_after_freezing_makes_the_draft_stale(employers):
    confirmed_run()
    stale = draft()
    corrected(Assessment.objects.current().get(employer=employers["half"]), "10000.00")
    with pytest.raises(FiguresDisagree):
        services.PUBLICATIONS.approve(stale, actor=finance())
    services.PUBLICATIONS.reject(stale, actor=finance(), reason="已有更正")
    fresh = published()
    assert fresh.payable_total == Decimal("91000.00")
    assert entry_of(fresh, employers["half"]).is_corrected
    assert not entry_of(fresh, employers["late"]).is_corrected


def test_a_part_of_a_wider_run_is_published_on_its_own(employers):
    verified_year(employer(PINGCHENG))
    confirmed_run()
    assert published(region=TAIYUAN).payable_total == Decimal("96000.00")


def test_whoever_prepared_it_does_not_publish_it(employers):
    confirmed_run()
    publication = draft()
    with pytest.raises(SecondPersonNeeded):
        services.PUBLICATIONS.approve(publication, actor=publication.prepared_by)
    with pytest.raises(PermissionMissing):
        services.PUBLICATIONS.approve(publication, actor=officer(Role.TAX_OFFICER, SHANXI))
    with pytest.raises(PermissionMissing):
        services.PUBLICATIONS.approve(publication, actor=finance(TAIYUAN))
    done = services.PUBLICATIONS.approve(publication, actor=finance())
    assert done.state == PublicationState.PUBLISHED
    assert AuditEntry.objects.latest("id").action == "disclosure.publication.publish"


def test_the_database_refuses_one_person_in_both_steps(employers):
    confirmed_run()
    publication = draft()
    with pytest.raises(DatabaseError), transaction.atomic():
        Publication.objects.filter(pk=publication.pk).update(
            state="published", published_by=publication.prepared_by, published_at=timezone.now()
        )


def test_an_unconfirmed_year_is_not_published(employers):
    draft_run()
    with pytest.raises(NothingConfirmed):
        draft()


def test_one_version_at_a_time_is_prepared(employers):
    confirmed_run()
    draft()
    with pytest.raises(PublicationInPreparation):
        draft()


def test_a_new_version_takes_the_place_of_the_old_one(employers):
    confirmed_run()
    first, second = published(), published()
    first.refresh_from_db()
    assert (first.state, second.version) == (PublicationState.REPLACED, 2)
    assert list(Publication.objects.public()) == [second]


def test_a_province_takes_the_place_of_its_cities_and_not_the_reverse(employers):
    confirmed_run()
    city = published(region=TAIYUAN)
    county = draft(region=XIAODIAN)
    with pytest.raises(WiderPublicationExists):
        services.PUBLICATIONS.approve(county, actor=finance())
    province = published()
    city.refresh_from_db()
    assert city.state == PublicationState.REPLACED
    assert list(Publication.objects.public()) == [province]


def test_an_embargo_hides_a_published_version_until_its_time(employers):
    confirmed_run()
    hidden = published(embargo_until=timezone.now() + timedelta(days=1))
    assert hidden.state == PublicationState.PUBLISHED
    assert not Publication.objects.public().exists()


def test_an_embargo_never_leaves_a_gap(employers):
    confirmed_run()
    published()
    with pytest.raises(EmbargoHolds):
        published(embargo_until=timezone.now() + timedelta(days=1))


def test_withdrawing_needs_a_reason_and_hides_at_once(employers):
    confirmed_run()
    publication = published()
    with pytest.raises(ReasonMissing):
        services.withdraw(publication, actor=finance(), reason="")
    services.withdraw(publication, actor=finance(), reason="单位名称有误")
    assert not Publication.objects.public().exists()
    with pytest.raises(TransitionNotAllowed):
        services.PUBLICATIONS.approve(publication, actor=finance())


def test_a_worker_clears_a_discarded_draft_away(employers, django_capture_on_commit_callbacks):
    confirmed_run()
    publication = draft()
    stored = publication.files.first().stored
    services.PUBLICATIONS.reject(publication, actor=finance(), reason="数据有误")
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_discarded()
    assert not publication.entries.exists()
    assert not publication.files.exists()
    assert not stored.storage.exists(stored.name)


def test_freezing_twice_changes_nothing(employers):
    confirmed_run()
    publication = draft()
    services.freeze_publication(publication_id=publication.pk)
    publication.refresh_from_db()
    assert (publication.state, publication.entries.count()) == (PublicationState.DRAFT, 5)


def test_the_same_year_frozen_again_gives_the_same_tables_to_the_byte(employers):
    confirmed_run()
    first = draft()
    digests = list(first.files.filter(format="csv").values_list("name", "sha256"))
    services.PUBLICATIONS.reject(first, actor=finance(), reason="重做")
    assert list(draft().files.filter(format="csv").values_list("name", "sha256")) == digests


WRITES = {
    "save": lambda p: p.entries.first().save(),
    "update": lambda p: p.entries.update(standing="met"),
    "delete": lambda p: p.entries.first().delete(),
    "bulk_update": lambda p: PublishedEntry.objects.bulk_update([p.entries.first()], ["name"]),
    "bulk_create": lambda p: PublishedEntry.objects.bulk_create(
        [
            PublishedEntry(
                publication=p, uscc="X" * 18, name="x", region_code="140105", region_name="x", is_verified=True,
                entity_type="organ", standing="met", filing="none", is_corrected=False,
            )
        ]
    ),
    "figures": lambda p: p.figures.update(payable_total=0),
    "regions": lambda p: p.regions.update(is_money_shown=True),
    "files": lambda p: p.files.update(sha256="0" * 64),
    "digest": lambda p: Publication.objects.filter(pk=p.pk).update(digest="0" * 64),
    "total": lambda p: Publication.objects.filter(pk=p.pk).update(payable_total=0),
    "removal": lambda p: p.delete(),
    "raw delete": lambda p: p.figures.all()._raw_delete(using="default"),
}  # fmt: skip


@pytest.mark.parametrize("path", WRITES)
def test_the_database_refuses_every_way_of_editing_what_is_published(employers, path):
    confirmed_run()
    publication = published()
    with pytest.raises(DatabaseError), transaction.atomic():
        WRITES[path](publication)


def copy_a_region_in(publication: Publication) -> None:
    columns = "publication_id, code, is_own, name, level, parent_code, is_money_shown"
    statement = f"COPY disclosure_publishedregion ({columns}) FROM STDIN"
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(f"{publication.pk}\tX\t0\tx\t3\t\tt\n")


def test_copy_into_a_published_table_is_refused(employers):
    confirmed_run()
    publication = published()
    with pytest.raises(InsufficientPrivilege):
        copy_a_region_in(publication)
