"""The heads of one employer that a publication shows: so coarse that they tell of nobody who works there.

财税〔2015〕72号第二十条 wants the heads of each employer published; 个人信息保护法第二十八条 makes a disability a
sensitive fact. A reader knows the staff (required heads ÷ ratio) and may know who worked there in which months. So the
person-months placed are cut into bands, and every figure of the row follows from its band. Each band holds 0 (nobody
need be disabled), or is so wide, and begins so far below the staff, that it can be filled without any one person and
in three ways or more: adding people one by one, 12 person-months at most each, cannot step over it. Employers of fewer
than ten show no heads at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from law.averaging import MONTHS
from law.policy import Outcome

FEWEST_STAFF = 10  # employees: below, no heads are shown
HEAVIEST = 2  # heads of one person
SPARE = 2 * MONTHS  # person-months of staff left when two people are put aside
ONE_PERCENT = 100

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PublishedHeads:
    """A band of person-months, both ends included. `share` is its share of the staff: "met", "from_one", "below_one",
    or "below" where one per cent would cut too finely."""

    low: int
    high: int
    share: str
    is_open: bool = False

    @property
    def whole(self) -> Span:
        """The fewest and the most whole heads; equal for most bands."""
        return whole_heads(self.low, self.high)

    @property
    def counted(self) -> int:
        """Person-months in totals: the middle of the whole heads. A total then says no more than its rows do."""
        fewest, most = self.whole
        return MONTHS * fewest if self.is_open else MONTHS * (fewest + most) // 2


def whole_heads(low: int, high: int) -> Span:
    """The whole heads that a band holds."""
    fewest = -(-low // MONTHS)
    return fewest, max(fewest, high // MONTHS)


def published_heads(
    staff_months: int,
    required_months: Decimal,
    credited_months: int,
    outcome: str,
    earlier: Sequence[Span] = (),
) -> PublishedHeads | None:
    """The band that holds the credited months; None where the row shows no heads.

    `earlier` are bands of the same employer and year in other versions. A reader may lay two versions over each other,
    so a row whose new bands would cut an old one too finely shows nothing, whatever it holds.
    """
    bands = _bands(staff_months, required_months)
    if any(not _may_meet(band, old, staff_months) for old in earlier for band in bands) or not bands:
        return None
    met_from, one_percent = _cuts(staff_months, required_months)
    months = _as_decided(credited_months, outcome, met_from, one_percent)
    low, high = max(band for band in bands if band[0] <= months)
    share = "met" if low >= met_from else _share_below(low, one_percent)
    return PublishedHeads(low, high, share, is_open=high >= HEAVIEST * staff_months)


def _share_below(low: int, one_percent: int | None) -> str:
    if one_percent is None:
        return "below"
    return "from_one" if low >= one_percent else "below_one"


def _cuts(staff_months: int, required_months: Decimal) -> tuple[int, int | None]:
    """From which person-months the ratio is met, and one per cent; None for the latter where the two are too near."""
    met_from = int(required_months.to_integral_value(ROUND_CEILING))
    one_percent = -(-staff_months // ONE_PERCENT)
    return met_from, one_percent if met_from - one_percent >= MONTHS else None


def _as_decided(months: int, outcome: str, met_from: int, one_percent: int | None) -> int:
    """The months on the side of each cut that the assessment decided: a region may round heads."""
    if outcome == Outcome.MET:
        return max(months, met_from)
    months = min(months, met_from - 1)
    if one_percent is None:
        return months
    if outcome == Outcome.HALF:
        return max(months, one_percent)
    return min(months, one_percent - 1) if outcome == Outcome.NINETY else months


def _bands(staff_months: int, required_months: Decimal) -> list[Span]:
    """Every band of an employer, from 0 to all staff counted twice. It depends on nothing that is to be hidden."""
    met_from, one_percent = _cuts(staff_months, required_months)
    if staff_months < FEWEST_STAFF * MONTHS or met_from > staff_months - SPARE or met_from < 1:
        return []
    cuts = [0, *([one_percent] if one_percent else []), met_from]
    end = HEAVIEST * staff_months + 1
    starts = [start for low, beyond in zip(cuts, [*cuts[1:], end], strict=True) for start in _starts(low, beyond, end)]
    starts = [start for start in starts if start <= staff_months - SPARE]
    return [(start, beyond - 1) for start, beyond in zip(starts, [*starts[1:], end], strict=True)]


def _starts(low: int, beyond: int, end: int) -> Iterator[int]:
    """The first months of the bands between two cuts: whole heads, rounded to the nearest, where there is room."""
    yield low
    if low == 0:
        if beyond - 1 < MONTHS:
            return  # no room for a band that says that somebody is placed: it goes together with nobody
        low = 1
        yield low
    half = MONTHS // 2
    first = -(-(low + MONTHS - half) // MONTHS) * MONTHS + half
    last = beyond if beyond == end else beyond - MONTHS
    yield from range(first, last + (beyond != end), MONTHS)


def _may_meet(band: Span, old: Span, staff_months: int) -> bool:
    low, high = max(band[0], old[0]), min(band[1], old[1])
    return low > high or is_deniable(low, high, staff_months)


def is_deniable(low: int, high: int, staff_months: int) -> bool:
    """True if months between these two ends tell of nobody."""
    return low == 0 or (high - low >= MONTHS - 1 and low <= staff_months - SPARE)
