"""Codes with right check digits that belong to nobody.

Units: the subject code starts with YL (样例), a series that is not issued. People: the area ends in 99, a county code
that was never assigned.
"""

from datetime import date, timedelta

from law.codes import EntityType

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
SERIES = "YL"
UNITS = 1_000_000  # six digits behind the series

# Registration department and entity class, by what registers such a unit.
CLASSES: dict[str, str] = {
    EntityType.ENTERPRISE: "91",
    EntityType.SOLE_TRADER: "92",
    EntityType.ORGAN: "11",
    EntityType.INSTITUTION: "12",
    EntityType.ASSOCIATION: "51",
    EntityType.PRIVATE_NON_ENTERPRISE: "52",
}

_VALUES = {sign: value for value, sign in enumerate(ALPHABET)}
_FACTORS = [pow(3, place, 31) for place in range(17)]
_SUBJECT_FACTORS = (3, 7, 9, 10, 5, 8, 4, 2)
_SUBJECT_CHECKS = "0123456789X"
_SCATTER = 618_033  # no factor in common with 1,000,000: every serial number gives another code


def _sums(text: str, first_place: int) -> int:
    return sum(_VALUES[sign] * _FACTORS[first_place + place] for place, sign in enumerate(text))


def _subject_sums(text: str, first_place: int) -> int:
    return sum(int(sign, 36) * _SUBJECT_FACTORS[first_place + place] for place, sign in enumerate(text))


_SERIES_SUM, _SERIES_SUBJECT_SUM = _sums(SERIES, 8), _subject_sums(SERIES, 0)
_HIGH = [(_sums(f"{n:03}", 10), _subject_sums(f"{n:03}", 2)) for n in range(1000)]
_LOW = [(_sums(f"{n:03}", 13), _subject_sums(f"{n:03}", 5)) for n in range(1000)]


def credit_codes(entity_type: str, county: str) -> "CreditCodes":
    return CreditCodes(CLASSES[entity_type] + county)


class CreditCodes:
    """统一社会信用代码 of one class and county; a code per serial number from 0 to UNITS - 1 (GB 32100-2015)."""

    def __init__(self, head: str) -> None:
        self._head = head + SERIES
        self._sum = _sums(head, 0) + _SERIES_SUM

    def code(self, serial: int) -> str:
        number = serial * _SCATTER % UNITS
        high, low = divmod(number, 1000)
        (high_sum, high_subject), (low_sum, low_subject) = _HIGH[high], _LOW[low]
        check = _SUBJECT_CHECKS[-(_SERIES_SUBJECT_SUM + high_subject + low_subject) % 11]
        total = self._sum + high_sum + low_sum + _VALUES[check] * _FACTORS[16]
        return f"{self._head}{number:06}{check}{ALPHABET[-total % 31]}"


FIRST_BIRTH = date(1966, 1, 1)  # women of these years reach retirement age during the demo's levy years
BIRTH_DAYS = (date(2006, 1, 1) - FIRST_BIRTH).days
BIRTHDAYS = [FIRST_BIRTH + timedelta(days=day) for day in range(BIRTH_DAYS)]
UNASSIGNED = tuple(f"14{prefecture:02}99" for prefecture in range(1, 12))
_SEQUENCES = 999
_PEOPLE = BIRTH_DAYS * len(UNASSIGNED) * _SEQUENCES
_STRIDE = 61_803_391
_IDENTITY_FACTORS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_IDENTITY_CHECKS = "10X98765432"


def identity_number(serial: int) -> tuple[str, date]:
    """公民身份号码 and birthday of the person with this serial number; no two share one (GB 11643-1999)."""
    rest, day = divmod(serial * _STRIDE % _PEOPLE, BIRTH_DAYS)
    sequence, area = divmod(rest, len(UNASSIGNED))
    born = BIRTHDAYS[day]
    digits = UNASSIGNED[area] + born.isoformat().replace("-", "") + f"{sequence + 1:03}"
    total = sum(int(digit) * factor for digit, factor in zip(digits, _IDENTITY_FACTORS, strict=True))
    return digits + _IDENTITY_CHECKS[total % 11], born
