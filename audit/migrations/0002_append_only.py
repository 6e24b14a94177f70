"""The database numbers, dates and chains each entry, and refuses to change one.

TRUNCATE is refused too, except in a test database, which Django empties that way.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION audit_entry_hash(entry audit_auditentry) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(convert_to(jsonb_build_array(
        encode(entry.previous_hash, 'hex'), entry.id, extract(epoch FROM entry.at), entry.actor_id, entry.action,
        entry.region_code, entry.object_type, entry.object_id, entry.reason, entry.details, entry.algorithm
    )::text, 'UTF8'))
$$;

CREATE FUNCTION audit_entry_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('audit chain'));  -- one writer at a time until its commit
    SELECT id, hash INTO head FROM audit_auditentry ORDER BY id DESC LIMIT 1;
    NEW.id := coalesce(head.id, 0) + 1;
    NEW.at := clock_timestamp();
    NEW.algorithm := 'sha256';
    NEW.previous_hash := coalesce(head.hash, ''::bytea);
    NEW.hash := audit_entry_hash(NEW);
    RETURN NEW;
END $$;

CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\\_%' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_entry_chain BEFORE INSERT ON audit_auditentry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_chain();
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_auditentry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse();
CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse();
"""

BACKWARD = """
DROP TRIGGER audit_entry_no_truncate ON audit_auditentry;
DROP TRIGGER audit_entry_append_only ON audit_auditentry;
DROP TRIGGER audit_entry_chain ON audit_auditentry;
DROP FUNCTION audit_entry_refuse();
DROP FUNCTION audit_entry_chain();
DROP FUNCTION audit_entry_hash(audit_auditentry);
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
