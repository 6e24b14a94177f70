"""The annual assessment: runs, slices, assessments, what was handed over, and what was paid."""

from levy.models.assessments import Assessment, CorrectionState, Supersession
from levy.models.documents import DocumentBatch, Notice
from levy.models.parameter_changes import ParameterChange, ParameterState
from levy.models.payments import Payment
from levy.models.runs import AssessmentRun, AssessmentSlice, PolicyVersion, RunState, SliceState

__all__ = [
    "Assessment",
    "AssessmentRun",
    "AssessmentSlice",
    "CorrectionState",
    "DocumentBatch",
    "Notice",
    "ParameterChange",
    "ParameterState",
    "Payment",
    "PolicyVersion",
    "RunState",
    "SliceState",
    "Supersession",
]
