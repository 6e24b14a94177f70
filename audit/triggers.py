"""Triggers that several apps declare on their models, as the last line behind the services."""

import pgtrigger

# Django empties a test database with TRUNCATE; nothing else may.
_UNLESS_TEST = r"IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\_%' THEN RETURN NULL; END IF;"


def refused(message: str, *, unless_test: bool = False) -> str:
    """The body of a trigger that refuses with `message`, as a missing right."""
    guard = f"{_UNLESS_TEST} " if unless_test else ""
    return f"{guard}RAISE EXCEPTION '{message}' USING ERRCODE = 'insufficient_privilege';"


def never(operation: pgtrigger.Operation, message: str, *, name: str, level: pgtrigger.Level) -> pgtrigger.Trigger:
    """No statement may do this to the table."""
    return pgtrigger.Trigger(name=name, when=pgtrigger.Before, operation=operation, level=level, func=refused(message))


def never_truncated(message: str, *, name: str = "no_truncate") -> pgtrigger.Trigger:
    """TRUNCATE passes no row trigger, so it is refused by itself."""
    return pgtrigger.Trigger(
        name=name,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        level=pgtrigger.Statement,
        func=refused(message, unless_test=True),
    )
