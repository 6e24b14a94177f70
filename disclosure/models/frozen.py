"""Triggers of published rows: written during preparation, removed with a discarded publication, never edited."""

import pgtrigger

from audit.triggers import never, never_truncated

NEVER_EDITED = "published rows are never edited"
# Once per statement, not per row: a publication writes a million rows.
ONLY_WHILE = """
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT publication_id FROM changed) c
        JOIN disclosure_publication p ON p.id = c.publication_id
        WHERE p.state NOT IN ({states})
    ) THEN
        RAISE EXCEPTION 'the publication is frozen' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
"""


def frozen_with_publication() -> list[pgtrigger.Trigger]:
    """The triggers of a table whose rows belong to a publication by `publication_id` (promise A7)."""
    return [
        never(pgtrigger.Update, NEVER_EDITED, name="frozen", level=pgtrigger.Statement),
        never_truncated(NEVER_EDITED),
        _only_while("joins_prepared", pgtrigger.Insert, pgtrigger.Referencing(new="changed"), "'preparing'"),
        _only_while(
            "leaves_discarded",
            pgtrigger.Delete,
            pgtrigger.Referencing(old="changed"),
            "'preparing', 'failed', 'discarded'",
        ),
    ]


def _only_while(
    name: str, operation: pgtrigger.Operation, changed: pgtrigger.Referencing, states: str
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.After,
        operation=operation,
        level=pgtrigger.Statement,
        referencing=changed,
        func=ONLY_WHILE.format(states=states),
    )
