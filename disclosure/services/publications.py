"""Publishes a confirmed year: prepare (frozen copies), publish by a second person, withdraw."""

import hashlib
from datetime import datetime, timedelta
from functools import partial

from django.db import InterfaceError, OperationalError, models, transaction
from django.db.models import Exists, F, Max, OuterRef, Q
from django.db.models.functions import Now
from psycopg.errors import QueryCanceled

from accounts.models import Region, User
from accounts.permissions import Permission
from audit.errors import DomainError, PermissionMissing
from audit.services import record
from audit.workflow import apply
from casework.services.decisions import Decision
from disclosure.errors import EmbargoHolds, NothingConfirmed, PublicationInPreparation, WiderPublicationExists
from disclosure.models import Publication, PublicationState, PublishedFile
from disclosure.queries.checks import publication_totals, refuse_false_totals
from disclosure.services.freezing import published_assessments, write_rows
from disclosure.services.open_data import write_files
from disclosure.workflow import DISCARD, PUBLISH, REPLACE, WITHDRAW

MAX_ATTEMPTS = 3
RESEND_AFTER = timedelta(minutes=2)  # sending twice is harmless: a second worker finds the row locked and leaves
UNFINISHED = [PublicationState.PREPARING, PublicationState.DRAFT]


@transaction.atomic
def start_publication(
    *, levy_year: int, region: Region, actor: User, embargo_until: datetime | None = None
) -> Publication:
    """Begin the next version of a region's publication. Its rows are written by freeze_publication.

    Raises PermissionMissing, NothingConfirmed, PublicationInPreparation.
    """
    if not actor.can(Permission.PUBLISH, region.code):
        raise PermissionMissing
    _lock_province(region)
    versions = Publication.objects.filter(levy_year=levy_year, region=region)
    if versions.filter(state__in=UNFINISHED).exists():
        raise PublicationInPreparation
    publication = Publication(
        levy_year=levy_year,
        region=region,
        version=(versions.aggregate(last=Max("version"))["last"] or 0) + 1,
        embargo_until=embargo_until,
        prepared_by=actor,
    )
    if not published_assessments(publication).exists():
        raise NothingConfirmed
    publication.save()
    publication.refresh_from_db()
    record(
        actor=actor,
        action="disclosure.publication.start",
        target=publication,
        region_code=region.code,
        details={"levy_year": levy_year, "version": publication.version},
    )
    return publication


def freeze_publication(*, publication_id: int) -> None:
    """Write a publication's rows and files and make it a draft. Does nothing if another worker does so or has done so.

    A refusal ends it as failed with its reason. After a lost connection or a full disk it is tried again. Any other
    failure, a statement time-out included, counts an attempt; the third ends it.
    """
    try:
        _freeze(publication_id)
    except (OperationalError, InterfaceError) as failure:
        # A time-out is also an OperationalError, but trying again for ever would not help.
        if isinstance(failure.__cause__, QueryCanceled):
            _note_failure(publication_id, failure)
        raise
    except DomainError as refusal:
        _fail(publication_id, str(refusal))
    except Exception as failure:
        _note_failure(publication_id, failure)
        raise


def _note_failure(publication_id: int, failure: Exception) -> None:
    """Count an attempt; the last one ends the publication. Stores only the kind of failure: a message may quote a
    row."""
    preparing = Publication.objects.filter(pk=publication_id, state=PublicationState.PREPARING)
    preparing.update(attempts=F("attempts") + 1, error=type(failure).__name__)
    if preparing.filter(attempts__gte=MAX_ATTEMPTS).exists():
        _fail(publication_id, type(failure).__name__)


@transaction.atomic
def _freeze(publication_id: int) -> None:
    publication = (
        Publication.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .filter(pk=publication_id, state=PublicationState.PREPARING)
        .select_related("region")
        .first()
    )
    if publication is None:
        return
    write_rows(publication)
    refuse_false_totals(publication)
    digest = _digest(write_files(publication))
    units, payable, paid = publication_totals(publication)
    Publication.objects.filter(pk=publication_id).update(
        state=PublicationState.DRAFT,
        entry_count=units,
        payable_total=payable,
        paid_total=paid,
        digest=digest,
        error="",
    )
    record(
        actor=None,
        action="disclosure.publication.freeze",
        target=publication,
        region_code=publication.region_id,
        details={"entries": units, "payable": str(payable), "digest": digest},
    )


def _digest(files: list[PublishedFile]) -> str:
    """One digest for all files: the SHA-256 of their SHA-256s in the order of name and format."""
    listed = sorted((file.name, file.format, file.sha256) for file in files)
    return hashlib.sha256("\n".join(sha256 for _name, _format, sha256 in listed).encode()).hexdigest()


def _fail(publication_id: int, reason: str) -> None:
    Publication.objects.filter(pk=publication_id, state=PublicationState.PREPARING).update(
        state=PublicationState.FAILED, error=reason
    )


def due_publications() -> list[int]:
    """Claim the publications in preparation that were not sent to a worker lately."""
    with transaction.atomic():
        due = (
            Publication.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .filter(Q(sent_at=None) | Q(sent_at__lt=Now() - RESEND_AFTER), state=PublicationState.PREPARING)
            .order_by("pk")
        )
        chosen = [publication.pk for publication in due]
        Publication.objects.filter(pk__in=chosen).update(sent_at=Now())
    return chosen


def _published(publication: Publication) -> models.QuerySet[Publication]:
    return Publication.objects.filter(levy_year=publication.levy_year, state=PublicationState.PUBLISHED)


def _covered(publication: Publication) -> models.QuerySet[Publication]:
    """What it takes the place of."""
    return _published(publication).in_region(publication.region_id)


def _hold(publication: Publication) -> None:
    """The province, then the publication and what it covers: once the first step is recorded, nothing waits."""
    _lock_province(publication.region)
    rows = Publication.objects.filter(pk=publication.pk) | _covered(publication)
    list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))


def _shown(publication: Publication) -> tuple[object, ...]:
    return (publication.pk, publication.state, publication.digest, publication.embargo_until)


def _refuse(publication: Publication, actor: User) -> None:
    """The totals are compared again with today's assessments: a correction since makes the draft stale."""
    above = [code for code in publication.region.lineage() if code != publication.region_id]
    if _published(publication).filter(region__in=above).exists():
        raise WiderPublicationExists
    refuse_false_totals(publication)
    is_free = Publication.objects.past_embargo().filter(pk=publication.pk).exists()
    if not is_free and _covered(publication).exists():
        raise EmbargoHolds


def _replace_covered(publication: Publication, actor: User) -> None:
    for older in _covered(publication).order_by("pk"):
        apply(older, REPLACE, actor=actor, region_code=older.region_id, by=str(publication))


# 公布, by another person than the one who prepared it; or throwing away a draft that nobody published: its row and its
# trail stay, the worker removes the rest.
PUBLICATIONS = Decision(
    approval=PUBLISH,
    rejection=DISCARD,
    hold=_hold,
    shown=_shown,
    refuse=_refuse,
    prepare=_replace_covered,
    details=lambda publication: {"digest": publication.digest},
)


@transaction.atomic
def withdraw(publication: Publication, *, actor: User, reason: str) -> Publication:
    """撤下: nobody reads it any more from the next request on."""
    return apply(publication, WITHDRAW, actor=actor, region_code=publication.region_id, reason=reason)


def remove_discarded() -> None:
    """Delete rows and files of discarded publications, in a worker: a million rows take longer than a page may."""
    discarded = Publication.objects.filter(state=PublicationState.DISCARDED)
    for publication in discarded.filter(Exists(PublishedFile.objects.filter(publication=OuterRef("pk")))):
        _remove_rows(publication)


@transaction.atomic
def _remove_rows(publication: Publication) -> None:
    for file in publication.files.all():
        transaction.on_commit(partial(file.stored.delete, save=False))
    for rows in (publication.entries, publication.figures, publication.regions, publication.files):
        rows.order_by()._raw_delete(using=publication._state.db)


def _lock_province(region: Region) -> None:
    """Let one publication per province change at a time."""
    # The checks look at publications of the regions above and below; the province's row is the one they share.
    list(Region.objects.select_for_update(of=("self",), no_key=True).filter(code=f"{region.code[:2]}0000"))
