"""The annual assessment: runs, slices, assessments, notices, and proposed changes."""

from levy.models.assessments import Assessment, CorrectionState, Supersession
from levy.models.documents import DocumentBatch, Notice
from levy.models.parameter_changes import ParameterChange
from levy.models.region_changes import RegionChange
from levy.models.runs import AssessmentRun, AssessmentSlice, PolicyVersion, RunState, SliceState

__all__ = [
    "Assessment",
    "AssessmentRun",
    "AssessmentSlice",
    "CorrectionState",
    "DocumentBatch",
    "Notice",
    "ParameterChange",
    "PolicyVersion",
    "RegionChange",
    "RunState",
    "SliceState",
    "Supersession",
]
