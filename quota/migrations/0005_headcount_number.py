"""How a 审核认定书 is numbered: 认〔year〕county-serial, the serial in at least six digits."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION headcount_number(year integer, region text, serial bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT format('认〔%s〕%s-%s', year, region, lpad(serial::text, greatest(6, length(serial::text)), '0'))
$$;
"""
BACKWARD = "DROP FUNCTION headcount_number(integer, text, bigint);"


class Migration(migrations.Migration):
    dependencies = [("quota", "0004_verification_marks")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
