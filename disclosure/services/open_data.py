"""Writes the open-data files: both formats in one pass over the frozen rows, then hashed and stored."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.files import File

from design.csv_lines import BOM, csv_line
from disclosure.columns import CONTENTS, PAYERS, PublishedColumn, RegionRow
from disclosure.models import FileFormat, Publication, PublishedEntry, PublishedFile
from disclosure.queries.figures import covers, total


def write_files(publication: Publication) -> list[PublishedFile]:
    """Write every file of a publication and record it. Call it last: a rollback removes the rows but not the files."""
    rows = {
        "entries": publication.entries.order_by("region_code", "uscc").iterator(chunk_size=5_000),
        "figures": region_rows(publication),
    }
    with TemporaryDirectory() as folder:
        return [
            stored
            for name, columns in CONTENTS.items()
            for stored in _write_both(publication, name, columns, rows[name], Path(folder))
        ]


def region_rows(publication: Publication) -> Iterator[RegionRow]:
    """Every region line: first all types together, then each of the five types."""
    figures = list(publication.figures.all())
    for region in publication.regions.all():
        own = [figure for figure in figures if covers(region, figure.region_code)]
        yield RegionRow(region, "", total(own))
        for kind in PAYERS:
            yield RegionRow(region, kind.value, total(figure for figure in own if figure.entity_type == kind))


def _write_both(
    publication: Publication,
    name: str,
    columns: tuple[PublishedColumn, ...],
    rows: Iterable[PublishedEntry | RegionRow],
    folder: Path,
) -> Iterator[PublishedFile]:
    paths = {kind: folder / f"{publication}-{name}.{kind}" for kind in FileFormat.values}
    count = 0
    with (
        paths["csv"].open("wb") as table,
        paths["json"].open("w", encoding="utf-8") as text,
    ):
        table.write(BOM + csv_line(column.heading for column in columns))
        text.write(_json_head(publication, columns))
        for row in rows:
            table.write(csv_line(column.shown(row) for column in columns))
            text.write("" if not count else ",")
            text.write("\n" + json.dumps({c.key: c.json_value(row) for c in columns}, ensure_ascii=False))
            count += 1
        text.write("\n]}\n")
    for kind, path in paths.items():
        yield _stored(publication, name, FileFormat(kind), path, count)


def _json_head(publication: Publication, columns: tuple[PublishedColumn, ...]) -> str:
    about = {
        "publication": str(publication),
        "levy_year": publication.levy_year,
        "region_code": publication.region_id,
        "as_of": publication.prepared_at.isoformat(),
        "licence": settings.OPEN_DATA_LICENCE,
        "columns": {column.key: column.described() for column in columns},
    }
    return json.dumps(about, ensure_ascii=False, indent=1)[:-2] + ',\n "rows": ['


def _stored(publication: Publication, name: str, kind: FileFormat, path: Path, count: int) -> PublishedFile:
    with path.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
        written.seek(0)
        return PublishedFile.objects.create(
            publication=publication,
            name=name,
            format=kind,
            stored=File(written, name=path.name),
            row_count=count,
            size=path.stat().st_size,
            sha256=digest,
        )
