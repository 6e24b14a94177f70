"""Send work to the background workers while a person waits for the page."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


@contextmanager
def enqueue_or_warn(request: HttpRequest) -> Iterator[None]:
    """Send tasks inside this block; when the broker does not answer, warn the person that the work takes longer.

    The database already holds the work, and the sweeper sends what the broker did not take
    (docs/decisions/0002-ledger-over-broker.md).
    """
    try:
        yield
    except OperationalError:
        logger.warning("the broker does not answer")
        messages.warning(
            request, _("已经登记，但后台服务暂时没有响应。恢复后会自动继续办理，您不用重新提交，可以稍后回来查看。")
        )
