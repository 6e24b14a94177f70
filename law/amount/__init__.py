"""The levy's arithmetic (残疾人就业保障金): pure Python, no Django, no database. docs/rules.md explains each rule."""

from law.amount.assessed import Assessed, Step
from law.amount.facts import Facts, Terms, TermsError
from law.amount.formula import assess, is_within_years
from law.amount.hires import Hire, fewest, with_hire
from law.amount.margin import Margin, Threshold, marginal
from law.amount.settings import (
    AssessmentRules,
    CreditedRounding,
    ShortfallRounding,
    StaffRounding,
    SurchargeCap,
    WageBase,
)
from law.averaging import NewEmployer
from law.policy import Outcome

__all__ = [
    "Assessed",
    "AssessmentRules",
    "CreditedRounding",
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
    "with_hire",
]
