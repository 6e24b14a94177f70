"""Signs of life are noted here, and alarms raised and ended."""

import logging

from django.db import transaction
from django.db.models.functions import Now

from audit.queries import verify_chain
from operations import alarms
from operations.models import AlarmEntry, Pulse, Sign
from operations.queries.readings import Readings, read

logger = logging.getLogger(__name__)


def note_sign_of_life(sign: Sign) -> None:
    """Note a sign of life now."""
    Pulse.objects.update_or_create(name=sign, defaults={"seen_at": Now()})


def prove_trail() -> None:
    """Recompute the audit trail's chain; only a whole chain is a sign of life."""
    report = verify_chain()
    if report.broken_at is None:
        note_sign_of_life(Sign.TRAIL)
    else:
        logger.critical("audit trail broken", extra={"entry": report.broken_at, "entries": report.entries})


@transaction.atomic
def watch() -> Readings:
    """Compare what is wrong now with the open alarms: raise the new ones, end the others, each as one log event."""
    note_sign_of_life(Sign.WATCH)
    readings = read()
    now = {(alarm.code, subject) for alarm, subject in alarms.raised(readings)}
    before = {
        (entry.code, entry.subject): entry
        for entry in AlarmEntry.objects.select_for_update(no_key=True).filter(ended_at=None)
    }
    for code, subject in sorted(now - before.keys()):
        AlarmEntry.objects.create(code=code, subject=subject)
        logger.error("alarm raised", extra={"alarm": code, "subject": subject})
    for key in sorted(before.keys() - now):
        AlarmEntry.objects.filter(pk=before[key].pk).update(ended_at=Now())
        logger.warning("alarm ended", extra={"alarm": key[0], "subject": key[1]})
    return readings
