"""The levy of enterprises in OpenFisca-Core. Run by engines.py in a separate environment; imports nothing of the
product.

    python openfisca_levy.py CASES.csv RATIO SOCIAL_AVERAGE_WAGE
"""

import csv
import json
import sys
import time

import numpy
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

RATIO, SOCIAL_AVERAGE = float(sys.argv[2]), float(sys.argv[3])
YEAR = "2025"
Employer = build_entity(key="employer", plural="employers", label="employer", is_person=True)


def figure(name, formula=None):
    """A yearly figure of an employer; OpenFisca reads a variable's own attributes only, not inherited ones."""
    attributes = {"entity": Employer, "definition_period": DateUnit.YEAR, "value_type": float, "label": name}
    return type(name, (Variable,), attributes | ({"formula": formula} if formula else {}))


def average_wage(employer, period):
    return numpy.round(employer("total_wages", period) * 12 / employer("staff_months", period), 2)


def gross(employer, period):
    charged = numpy.minimum(employer("average_wage", period), SOCIAL_AVERAGE * 2)
    gap = numpy.maximum(employer("staff_months", period) * RATIO - employer("credited_months", period), 0)
    return numpy.round(gap * charged / 12, 2)


def relief(employer, period):
    staff, credited = employer("staff_months", period), employer("credited_months", period)
    share = numpy.where(staff <= 30 * 12, 1, numpy.where(credited >= staff * 0.01, 0.5, 0.1))
    return numpy.round(employer("gross", period) * share, 2)


def payable(employer, period):
    return employer("gross", period) - employer("relief", period)


INPUTS = ("staff_months", "credited_months", "total_wages")
FORMULAS = (average_wage, gross, relief, payable)


def main():
    system = TaxBenefitSystem([Employer])
    system.add_variables(*map(figure, INPUTS), *(figure(formula.__name__, formula) for formula in FORMULAS))
    with open(sys.argv[1], newline="") as file:
        columns = list(zip(*csv.reader(file), strict=False))
    began = time.perf_counter()
    simulation = SimulationBuilder().build_default_simulation(system, len(columns[0]))
    for name, column in zip(INPUTS, columns, strict=False):
        simulation.set_input(name, YEAR, numpy.array(column, dtype=float))
    amounts = simulation.calculate("payable", YEAR)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "amounts": [float(amount) for amount in amounts]}))


main()
