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


def renew_uploads() -> Iterator[int]:
    """Seal the kept contents and fault lists of uploads again; yields 1 for each upload that had an older key."""
    kept = ImportedFile.objects.exclude(stored="", fault_book="").order_by("pk")
    for pk in list(kept.values_list("pk", flat=True)):
        if _renew_upload(pk):
            yield 1


@transaction.atomic
def _renew_upload(pk: int) -> bool:
    file = ImportedFile.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)
    renewed = []
    for name in ("stored", "fault_book"):
        field = getattr(file, name)
        if not field:
            continue
        with field.open() as stored:
            content = stored.read()
        if content[0] == newest_key():
            continue
        transaction.on_commit(partial(field.storage.delete, field.name))
        field.save(PurePath(field.name).name, ContentFile(renew(content, UPLOAD)), save=False)
        renewed.append(name)
    file.save(update_fields=renewed)
    return bool(renewed)
