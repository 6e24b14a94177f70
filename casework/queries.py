"""The papers that a case still lacks."""

from casework.case_kinds import PaperKind
from casework.models import Case


def missing_papers(case: Case) -> tuple[PaperKind, ...]:
    """The required papers that are not in the file yet, in the order of the declaration."""
    there = set(case.file.papers.values_list("kind", flat=True))
    return tuple(paper for paper in case.definition.papers if paper.is_required and paper.code not in there)
