"""What a case still lacks."""

from casework.case_kinds import PaperKind
from casework.models import Case


def missing_papers(case: Case) -> tuple[PaperKind, ...]:
    """The required papers that the file does not hold yet, in the order of the declaration."""
    there = set(case.file.papers.values_list("kind", flat=True))
    return tuple(paper for paper in case.definition.papers if paper.is_required and paper.code not in there)
