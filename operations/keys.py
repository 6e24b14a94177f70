"""A new key for all that is sealed, while people go on working: batch by batch, stopped and begun again at will."""

from collections.abc import Iterator, Mapping
from functools import partial, reduce
from operator import or_
from pathlib import PurePath

import pgtrigger
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Model, Q

from accounts.identity import PURPOSE as IDENTITY
from accounts.models import SecondFactor
from accounts.sealing import newest_key, renew
from accounts.sign_in.second_factor import PURPOSE as SECOND_FACTOR
from casework.models import CasePaper
from casework.services.case_file import PURPOSE as CASE_PAPER
from exchange.models import ImportedFile
from exchange.services.uploads import PURPOSE as UPLOAD

BATCH = 500  # rows that are locked together, for well under a second
# A person's row is the same as before: nothing for the history of changes.
HISTORY = "quota.Certificate:update_update"


def sealed_columns() -> dict[type[Model], dict[str, bytes]]:
    """Every sealed column with its purpose, those of the rows' histories included."""
    found: dict[type[Model], dict[str, bytes]] = {SecondFactor: {"secret": SECOND_FACTOR}}
    for model in apps.get_models():
        names = [field.name for field in model._meta.concrete_fields if field.name.endswith("_encrypted")]
        if names:
            found[model] = dict.fromkeys(names, IDENTITY)
    return found


def renew_rows(model: type[Model], columns: Mapping[str, bytes]) -> Iterator[int]:
    """Seal a table's rows again under the newest key; yields the size of each batch once it is committed."""
    after = None
    while True:
        size, after = _renew_batch(model, columns, after)
        if not size:
            return
        yield size


@transaction.atomic
def _renew_batch(model: type[Model], columns: Mapping[str, bytes], after: object) -> tuple[int, object]:
    older = reduce(or_, (Q(**{f"{name}__lt": bytes([newest_key()])}) for name in columns))
    rows = model._base_manager.filter(older).order_by("pk").only(*columns)
    if after is not None:
        rows = rows.filter(pk__gt=after)
    batch = list(rows.select_for_update(of=("self",), no_key=True)[:BATCH])
    for row in batch:
        for name, purpose in columns.items():
            setattr(row, name, renew(getattr(row, name), purpose))
    with pgtrigger.ignore(HISTORY):
        model._base_manager.bulk_update(batch, list(columns))
    return len(batch), batch[-1].pk if batch else None


# Every column that names a sealed file, with its purpose.
SEALED_FILES: dict[type[Model], dict[str, bytes]] = {
    ImportedFile: {"stored": UPLOAD, "fault_book": UPLOAD, "change_list": UPLOAD},
    CasePaper: {"stored": CASE_PAPER},
}


def renew_files(model: type[Model]) -> Iterator[int]:
    """Seal the kept files of a table's rows again; yields 1 for each row that had one under an older key."""
    kept = model._base_manager.exclude(**dict.fromkeys(SEALED_FILES[model], "")).order_by("pk")
    for pk in list(kept.values_list("pk", flat=True)):
        if _renew_files_of(model, pk):
            yield 1


@transaction.atomic
def _renew_files_of(model: type[Model], pk: int) -> bool:
    row = model._base_manager.select_for_update(of=("self",), no_key=True).get(pk=pk)
    renewed = []
    for name, purpose in SEALED_FILES[model].items():
        field = getattr(row, name)
        if not field:
            continue
        with field.open() as stored:
            content = stored.read()
        if content[0] == newest_key():
            continue
        transaction.on_commit(partial(field.storage.delete, field.name))
        field.save(PurePath(field.name).name, ContentFile(renew(content, purpose)), save=False)
        renewed.append(name)
    row.save(update_fields=renewed)
    return bool(renewed)
