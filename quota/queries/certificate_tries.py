"""Employers that typed many certificates today which the register does not have."""

from django.conf import settings
from django.db.models import Count

from quota.models import CertificateTry
from quota.queries.returns import day_in_china


def employers_that_try() -> list[str]:
    """The credit codes of employers above the number of unknown certificates that raises the alarm."""
    today = CertificateTry.objects.filter(day=day_in_china(), is_unknown=True)
    tries = today.values_list("employer__uscc").annotate(numbers=Count("pk")).order_by("employer__uscc")
    return [uscc for uscc, numbers in tries if numbers >= settings.CERTIFICATES_A_DAY["alarm"]]
