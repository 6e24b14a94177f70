"""The declaration of a kind of case (事项种类): a value in Python, reviewed and tested, never a row."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from audit.workflow import Transition
from law.deadlines import LegalPeriod

CLOSED: Final = "closed"  # the stamp of every step that ends a case


@dataclass(frozen=True, slots=True)
class PaperKind:
    """A kind of paper that a case asks for, with its official name and the text that asks for it."""

    code: str
    label: Any  # lazy, as every label here
    clause: str = ""
    is_required: bool = True


DELIVERY_CONSENT: Final = PaperKind(
    "delivery_consent", _("送达地址及电子送达确认书"), "民事诉讼法第九十条", is_required=False
)
DELIVERY_PROOF: Final = PaperKind("delivery_proof", _("送达证明材料"), "民事诉讼法第八十七条", is_required=False)
OTHER_PAPER: Final = PaperKind("other", _("其他材料"), is_required=False)
EVERY_CASE: Final = (DELIVERY_CONSENT, DELIVERY_PROOF, OTHER_PAPER)  # papers that any case may hold


@dataclass(frozen=True, slots=True)
class CaseKind:
    """One kind of case under its official label, with the clause behind it.

    `series` is the head of its numbers, such as `缓〔{year}〕{region}-`; kinds with the same head share a series.
    `keeps` is the right to open and keep a case, `decides` the right to decide and extend it, `party` the right of the
    party on the portal. `answer` is the period for the answer, None if no text sets one. Raises ValueError if the
    declaration contradicts itself.
    """

    code: str
    label: Any
    clause: str
    series: str
    keeps: Permission
    decides: Permission
    steps: tuple[Transition, ...]
    papers: tuple[PaperKind, ...] = ()
    answer: LegalPeriod | None = None
    extension: LegalPeriod | None = None
    party: Permission | None = None

    def __post_init__(self) -> None:
        if "{year}" not in self.series or "{region}" not in self.series:
            raise ValueError(f"{self.code}: a series runs within a year and a region")
        if not any(step.stamp == CLOSED and step.permission == self.decides for step in self.steps):
            raise ValueError(f"{self.code}: no step lets those who decide close it")
        codes = [paper.code for paper in (*self.papers, *EVERY_CASE)]
        if len(set(codes)) < len(codes):
            raise ValueError(f"{self.code}: a paper is declared twice")

    def series_in(self, region_code: str, day: date) -> str:
        """The head of a region's numbers in the year of this day."""
        return self.series.format(year=day.year, region=region_code)

    def paper(self, code: str) -> PaperKind:
        """A permitted paper of the case, by its code. Raises KeyError."""
        return {paper.code: paper for paper in (*self.papers, *EVERY_CASE)}[code]
