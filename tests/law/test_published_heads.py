"""A published row tells of nobody, even a reader who knows who worked there in which months (promise E9)."""

from decimal import ROUND_CEILING, Decimal
from random import Random

import pytest

from law.policy import Outcome
from law.published_heads import PublishedHeads, is_deniable, published_heads

RATIOS = [Decimal("0.015"), Decimal("0.016"), Decimal("0.02"), Decimal("0.25")]
Team = list[int]  # the months that each employee worked


def ways(team: Team, low: int, high: int) -> int:
    """In how many ways nobody, some people (ordinary or severe), or everybody can fill this band of person-months."""
    sums = [1] + [0] * high
    for months in team:
        sums = [
            sums[total]
            + (sums[total - months] if total >= months else 0)
            + (sums[total - 2 * months] if total >= 2 * months else 0)
            for total in range(high + 1)
        ]
    return sum(sums[low:])


def can_fill(team: Team, low: int, high: int) -> bool:
    """True if there is such a way at all. Bit n: n person-months can be reached."""
    reached = 1
    for months in team:
        reached |= reached << months | reached << 2 * months
    return bool(reached >> low & (1 << high - low + 1) - 1)


def is_safe(team: Team, low: int, high: int) -> bool:
    """Nobody's disability follows: without any one person the band can be filled, and in three ways at least. A band
    that holds 0 says of nobody that he or she is disabled."""
    high = min(high, 2 * sum(team))
    if low == 0:
        return True
    # Colleagues of equal months are alike, so one of each is enough.
    others = [[*team[:at], *team[at + 1 :]] for at in {months: at for at, months in enumerate(team)}.values()]
    return all(can_fill(other, low, high) for other in others) and ways(team, low, min(high, low + 36)) >= 3


def random_team(dice: Random) -> Team:
    """Everybody all year but a few, or everybody some months."""
    people = dice.randrange(1, 45)
    if dice.random() < 0.5:
        return [dice.randrange(1, 12) if number < 2 else 12 for number in range(people)]
    return [dice.randrange(1, 13) for _person in range(people)]


def placed_in(dice: Random, team: Team) -> int:
    share = dice.choice([0, 0.02, 0.1, 0.5, 1])
    return sum(months * dice.choice([1, 2]) for months in team if dice.random() < share)


def row_of(
    team: Team, ratio: Decimal, credited: int, earlier: tuple[tuple[int, int], ...] = ()
) -> PublishedHeads | None:
    staff = sum(team)
    below = Outcome.HALF if credited * 100 >= staff else Outcome.NINETY
    outcome = Outcome.MET if credited >= staff * ratio else below
    return published_heads(staff, staff * ratio, credited, outcome, earlier)


@pytest.mark.parametrize("seed", range(4))
def test_a_reader_who_knows_the_whole_team_finds_three_explanations_or_nobody_placed(seed: int) -> None:
    dice = Random(seed)
    shown = 0
    for _row in range(60):
        team, ratio = random_team(dice), dice.choice(RATIOS)
        credited = placed_in(dice, team)
        row = row_of(team, ratio, credited)
        if row is None:
            continue
        shown += bool(row.low)
        assert row.low <= credited <= row.high
        assert is_safe(team, row.low, row.high), (team, ratio, credited, row)
    assert shown >= 10


def test_twin_exact_months_tell_of_somebody() -> None:
    dice = Random(1)
    rows = [(team, placed_in(dice, team)) for team in (random_team(dice) for _row in range(60))]
    assert any(not is_safe(team, credited, credited) for team, credited in rows)


def test_twin_whole_numbers_that_heed_no_other_column_tell_of_somebody() -> None:
    """One of twenty works three months, the others all year. 0.25 heads are 0 as a whole number, but the ratio is met:
    somebody with two to five months is disabled."""
    team = [3, *[12] * 19]
    from_ratio = int((sum(team) * Decimal("0.015")).to_integral_value(ROUND_CEILING))
    assert not is_safe(team, max(from_ratio, 0), 5)
    row = row_of(team, Decimal("0.015"), 4)
    assert (row.low, row.high, row.share) == (4, 17, "met")


@pytest.mark.parametrize("seed", range(4))
def test_two_versions_laid_over_each_other_tell_no_more(seed: int) -> None:
    dice = Random(100 + seed)
    withheld = 0
    for _row in range(80):
        team, ratio = random_team(dice), dice.choice(RATIOS)
        credited = placed_in(dice, team)
        first = row_of(team, ratio, credited)
        if first is None:
            continue
        corrected = [*team, *[12] * dice.randrange(4)]
        second = row_of(corrected, ratio, credited, ((first.low, first.high),))
        if second is None:
            withheld += 1
            continue
        low, high = max(first.low, second.low), min(first.high, second.high)
        assert is_safe(team, low, high), (team, corrected, credited)
        assert is_safe(corrected, low, high), (team, corrected, credited)
    assert withheld


def test_twin_a_version_that_knows_nothing_of_the_earlier_one_narrows_it() -> None:
    staff, credited = 1200, 19
    first = published_heads(staff, staff * RATIOS[0], credited, Outcome.MET)
    second = published_heads(staff + 132, (staff + 132) * RATIOS[0], credited, Outcome.NINETY)
    low, high = max(first.low, second.low), min(first.high, second.high)
    assert (low, high) == (18, 19)
    assert not is_deniable(low, high, staff)
    assert published_heads(staff + 132, (staff + 132) * RATIOS[0], credited, Outcome.NINETY, ((18, 29),)) is None


def test_whether_a_later_version_shows_a_row_does_not_depend_on_the_heads() -> None:
    for earlier in ((18, 29), (4, 17), (0, 0), (20, 41)):
        results = [(months, Outcome.MET if months > 19 else Outcome.NINETY) for months in range(0, 400, 3)]
        rows = [published_heads(1332, Decimal("19.98"), *result, (earlier,)) for result in results]
        assert len({row is None for row in rows}) == 1


@pytest.mark.parametrize(
    ("staff", "credited", "outcome", "whole", "share"),
    [
        (100, 0, Outcome.NINETY, (0, 0), "below"),
        (100, 12, Outcome.HALF, (1, 1), "below"),
        (100, 24, Outcome.MET, (2, 2), "met"),
        (40, 12, Outcome.MET, (1, 2), "met"),
        (40, 3, Outcome.EXEMPT, (0, 0), "below"),
        (1000, 121, Outcome.HALF, (10, 11), "from_one"),
        (1000, 119, Outcome.NINETY, (9, 9), "below_one"),
        (100, 17, Outcome.MET, (2, 2), "met"),  # a region rounds: the row follows the result
        (1000, 119, Outcome.HALF, (10, 11), "from_one"),
    ],
)
def test_a_row_shows_whole_heads_beside_its_result(
    staff: int, credited: int, outcome: Outcome, whole: tuple[int, int], share: str
) -> None:
    row = published_heads(staff * 12, staff * 12 * RATIOS[0], credited, outcome)
    assert (row.whole, row.share) == (whole, share)


@pytest.mark.parametrize("staff_months", [0, 12, 119])
def test_fewer_than_ten_employees_show_nothing(staff_months: int) -> None:
    assert published_heads(staff_months, staff_months * RATIOS[0], 12, Outcome.MET) is None


def test_an_employer_of_mostly_disabled_people_shows_no_upper_end() -> None:
    row = published_heads(1200, Decimal(18), 1500, Outcome.MET)
    assert (row.is_open, row.whole[0], row.counted) == (True, 98, 98 * 12)
