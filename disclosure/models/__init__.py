"""What has been made public, and nothing else: frozen copies that no page can look behind."""

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
