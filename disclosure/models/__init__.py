"""Published data only: frozen copies, so that no public page can reach the tables behind them."""

from disclosure.models.publications import FileFormat, Publication, PublicationState, PublishedFile
from disclosure.models.published import (
    FilingBand,
    LevyBand,
    PublishedEntry,
    PublishedFigure,
    PublishedRegion,
    Settlement,
    ShareBand,
    Standing,
)

__all__ = [
    "FileFormat",
    "FilingBand",
    "LevyBand",
    "Publication",
    "PublicationState",
    "PublishedEntry",
    "PublishedFigure",
    "PublishedFile",
    "PublishedRegion",
    "Settlement",
    "ShareBand",
    "Standing",
]
