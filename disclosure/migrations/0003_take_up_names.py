"""The work that only the owner of an index may ask for, in the one form that the application needs."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION disclosure_take_up_names() RETURNS bigint LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$ SELECT gin_clean_pending_list('public.entry_name_pairs') $$;
"""
BACKWARD = """
DROP FUNCTION disclosure_take_up_names();
"""


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0002_name_samples")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
