"""The attack on the trail that only seals kept elsewhere show (promise E4)."""

# Take the first entries out and write the rest anew with the system's own hash. Each is one statement.
REWRITING = (
    "ALTER TABLE audit_auditentry DISABLE TRIGGER USER",
    "DELETE FROM audit_auditentry WHERE id <= {count}",
    # By way of free numbers: rows are not stored in their order, and no two may share a number even for a moment.
    "UPDATE audit_auditentry SET id = {count} - id",
    "UPDATE audit_auditentry SET id = -id",
    """
    DO $$
    DECLARE
        entry audit_auditentry;
        before bytea := '';
    BEGIN
        FOR entry IN SELECT * FROM audit_auditentry ORDER BY id LOOP
            entry.previous_hash := before;
            before := audit_entry_hash(entry);
            UPDATE audit_auditentry SET previous_hash = entry.previous_hash, hash = before WHERE id = entry.id;
        END LOOP;
    END $$
    """,
    "ALTER TABLE audit_auditentry ENABLE TRIGGER USER",
)


def rewriting(count: int) -> list[str]:
    """The statements that take out the first `count` entries of the trail and leave a whole chain."""
    return [statement.format(count=count) for statement in REWRITING]
