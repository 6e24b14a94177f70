"""The worker writes the ordered publication; the ledger in PostgreSQL says what is left."""

from datetime import timedelta

import pytest
from django.db import DataError, IntegrityError, OperationalError
from django.utils import timezone
from psycopg.errors import QueryCanceled

from disclosure.models import Publication, PublicationState
from disclosure.services import publications as services
from disclosure.tasks import send_publications
from tests.accounts.factories import RegionFactory
from tests.disclosure.factories import SHANXI, finance, mixed_employers, regions
from tests.levy.factories import confirmed_run


def started() -> Publication:
    regions()
    mixed_employers()
    confirmed_run()
    return services.start_publication(levy_year=2025, region=RegionFactory(code=SHANXI), actor=finance())


@pytest.mark.django_db(transaction=True)
def test_a_worker_makes_the_draft(celery_worker, eventually):
    publication = started()
    send_publications()
    drafts = Publication.objects.filter(pk=publication.pk, state=PublicationState.DRAFT)
    eventually(drafts.exists, "the publication was not written")
    assert drafts.get().entry_count == 5


@pytest.mark.django_db
def test_a_message_that_got_lost_is_sent_again_and_not_sooner():
    publication = started()
    assert services.due_publications() == [publication.pk]
    assert services.due_publications() == []
    Publication.objects.update(sent_at=timezone.now() - services.RESEND_AFTER - timedelta(seconds=1))
    assert services.due_publications() == [publication.pk]


@pytest.mark.django_db
def test_a_failure_that_comes_three_times_ends_the_publication(monkeypatch):
    publication = started()

    def full_shelf(*_args: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(services, "write_files", full_shelf)
    for _attempt in range(3):
        with pytest.raises(OSError, match="no space"):
            services.freeze_publication(publication_id=publication.pk)
    publication.refresh_from_db()
    assert (publication.state, publication.error) == (PublicationState.FAILED, "OSError")
    assert not publication.entries.exists()


def timeout() -> OperationalError:
    """The exception of a statement that exceeds the worker's statement_timeout."""
    failure = OperationalError("canceling statement due to statement timeout")
    failure.__cause__ = QueryCanceled()
    return failure


def frozen_with(failure: Exception, monkeypatch: pytest.MonkeyPatch) -> Publication:
    """A publication whose rows met the same failure in three attempts."""
    publication = started()

    def refused(*_args: object) -> None:
        raise failure

    monkeypatch.setattr(services, "write_rows", refused)
    for _attempt in range(3):
        with pytest.raises(type(failure)):
            services.freeze_publication(publication_id=publication.pk)
    publication.refresh_from_db()
    return publication


@pytest.mark.django_db
@pytest.mark.parametrize("failure", [IntegrityError("one_entry_per_employer"), DataError("numeric"), timeout()])
def test_what_the_database_refuses_three_times_ends_the_publication(monkeypatch, failure):
    publication = frozen_with(failure, monkeypatch)
    assert (publication.state, publication.error) == (PublicationState.FAILED, type(failure).__name__)


@pytest.mark.django_db
def test_a_database_that_is_away_leaves_the_publication_to_be_done(monkeypatch):
    publication = frozen_with(OperationalError("gone"), monkeypatch)
    assert (publication.state, publication.attempts) == (PublicationState.PREPARING, 0)
    monkeypatch.undo()
    services.freeze_publication(publication_id=publication.pk)
    publication.refresh_from_db()
    assert publication.state == PublicationState.DRAFT
