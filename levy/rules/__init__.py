"""The levy's arithmetic (残疾人就业保障金): pure Python, no Django, no database. docs/rules.md explains each rule."""

from levy.policy import Outcome
from levy.rules.amount import assess, is_within_years
from levy.rules.assessed import Assessed, Step
from levy.rules.facts import EntityType, Facts, Terms, TermsError
from levy.rules.hires import Hire, fewest, with_hire
from levy.rules.margin import Margin, Threshold, marginal
from levy.rules.settings import (
    AssessmentRules,
    CreditedRounding,
    NewEmployer,
    ShortfallRounding,
    StaffRounding,
    SurchargeCap,
    WageBase,
)
from levy.rules.surcharge import surcharge

__all__ = [
    "Assessed",
    "AssessmentRules",
    "CreditedRounding",
    "EntityType",
    "Facts",
    "Hire",
    "Margin",
    "NewEmployer",
    "Outcome",
    "ShortfallRounding",
    "StaffRounding",
    "Step",
    "SurchargeCap",
    "Terms",
    "TermsError",
    "Threshold",
    "WageBase",
    "assess",
    "fewest",
    "is_within_years",
    "marginal",
    "surcharge",
    "with_hire",
]
