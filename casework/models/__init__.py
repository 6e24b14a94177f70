"""The abstract case, and the file of a case with its papers, messages and deliveries."""

from casework.models.cases import Case, CaseLoad, CaseQuerySet, case_constraints
from casework.models.files import CaseDelivery, CaseFile, CaseMessage, CasePaper, CaseSeries, Side

__all__ = [
    "Case",
    "CaseDelivery",
    "CaseFile",
    "CaseLoad",
    "CaseMessage",
    "CasePaper",
    "CaseQuerySet",
    "CaseSeries",
    "Side",
    "case_constraints",
]
