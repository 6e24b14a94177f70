"""Tasks for returns: the check right after a filing, and a sweep of those it did not reach."""

import logging

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError

from quota.queries.returns import waiting_returns
from quota.services import filing

logger = logging.getLogger(__name__)


@shared_task
def check_return(return_id: int) -> None:
    filing.check_return(return_id=return_id)


@shared_task
def check_waiting() -> None:
    """Check what was filed on the portal and still waits. The only guarantee; check_return is for speed.

    A return whose check fails stops none of those behind it.
    """
    for return_id in waiting_returns():
        try:
            filing.check_return(return_id=return_id)
        except (OperationalError, InterfaceError, SoftTimeLimitExceeded):  # the sweep's own end
            raise
        except Exception as failure:
            logger.error("return %s could not be checked: %s", return_id, type(failure).__name__)
