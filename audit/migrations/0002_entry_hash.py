"""The hash of an entry: over everything it says and the hash before it. The chain and its proof share it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION audit_entry_hash(entry audit_auditentry) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(convert_to(jsonb_build_array(
        encode(entry.previous_hash, 'hex'), entry.id, extract(epoch FROM entry.at), entry.actor_id, entry.action,
        entry.region_code, entry.object_type, entry.object_id, entry.reason, entry.details, entry.algorithm
    )::text, 'UTF8'))
$$;
"""
BACKWARD = """
DROP FUNCTION audit_entry_hash(audit_auditentry);
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
