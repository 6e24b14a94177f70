"""The effect of a hire on the levy, and the fewest people that reach a threshold. `assess` computes every amount."""

from dataclasses import dataclass, replace

from law.amount.facts import Facts, Terms
from law.amount.formula import assess
from law.arithmetic import EXACT
from law.averaging import MONTHS


@dataclass(frozen=True, slots=True)
class Hire:
    """So many people who each count `weight` (1 or 2) from one month of the levy year to another, both included.

    `joins_staff`: they are not among the employer's staff yet, so staff grows with them.
    """

    people: int
    weight: int
    first_month: int
    last_month: int = MONTHS
    joins_staff: bool = False

    @property
    def staff_months(self) -> int:
        """Person-months of work; 0 if the months are the wrong way round."""
        return self.people * max(self.last_month - self.first_month + 1, 0)

    @property
    def credited_months(self) -> int:
        """Person-months that count (第七条第二款)."""
        return self.staff_months * self.weight


def with_hire(facts: Facts, terms: Terms, hire: Hire) -> Facts:
    """The employer's year with these people counted. Whoever joins the staff earns its average wage: no better guess
    is possible before anybody is paid."""
    credited = EXACT.add(facts.credited_months, hire.credited_months)
    if not hire.joins_staff:
        return replace(facts, credited_months=credited)
    return replace(
        facts,
        credited_months=credited,
        staff_months=EXACT.add(facts.staff_months or 0, hire.staff_months),
        average_wage=assess(facts, terms).average_wage,
    )


def fewest(further_months: int, weight: int, most_months: int = MONTHS) -> tuple[int, int]:
    """The fewest people of one weight who bring so many person-months within a year, and the months each works, which
    are `most_months` at most."""
    people = max(-(-further_months // (most_months * weight)), 1)
    return people, -(-further_months // (people * weight))
