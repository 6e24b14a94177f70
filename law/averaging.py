"""The months over which a levy year's heads are averaged (财税〔2015〕72号第八条第二款)."""

from datetime import date
from enum import StrEnum

MONTHS = 12


class NewEmployer(StrEnum):
    """The averaging of an employer's first calendar year, or its exemption."""

    TWELFTHS = "twelfths"
    MONTHS_SINCE_REGISTRATION = "months_since_registration"
    FOUNDING_YEAR_FREE = "founding_year_free"


def founding_month(registered_on: date | None, levy_year: int) -> int | None:
    """The month of registration, 1 to 12, if it is in the levy year."""
    if registered_on is None or registered_on.year != levy_year:
        return None
    return registered_on.month


def months_averaged(registered_on: date | None, levy_year: int, new_employer: NewEmployer) -> int:
    """The number of months over which heads are averaged: 12, or if the region says so, from the month of
    registration."""
    if new_employer is not NewEmployer.MONTHS_SINCE_REGISTRATION:
        return MONTHS
    return MONTHS + 1 - (founding_month(registered_on, levy_year) or 1)
