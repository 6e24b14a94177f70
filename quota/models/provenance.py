"""The exchange file that a row came from."""

from typing import Any

from django.db import models

# Without an index or a constraint: registers have hundreds of millions of rows, a file's row is never deleted, and no
# query looks for the rows of a file. The evidence of a person is found by the person (quota.queries.evidence).
FROM_FILE: dict[str, Any] = {
    "to": "exchange.ImportedFile",
    "null": True,
    "editable": False,
    "on_delete": models.DO_NOTHING,
    "db_constraint": False,
    "db_index": False,
    "related_name": "+",
}
