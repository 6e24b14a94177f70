"""Add rules that models cannot declare: agreements of a month apart, numbers of 审核认定书, name index samples.

The number is 认〔year〕county-serial, the serial in at least six digits. How often a text occurs decides between the index
and walking in order, and 100 samples misjudge it (docs/decisions/0011).
"""

from django.db import migrations

FORWARD = """
ALTER TABLE quota_dispatchagreement ADD CONSTRAINT agreements_of_a_month_apart EXCLUDE USING gist (
    person_key WITH =,
    daterange(
        (date_trunc('month', starts_on::timestamp))::date,
        (date_trunc('month', ends_on::timestamp) + interval '1 month')::date,
        '[)'
    ) WITH &&
) WHERE (counts_at = 'host');
CREATE FUNCTION headcount_number(year integer, region text, serial bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT format('认〔%s〕%s-%s', year, region, lpad(serial::text, greatest(6, length(serial::text)), '0'))
$$;
ALTER INDEX employer_name_pairs ALTER COLUMN 1 SET STATISTICS 1000;
"""
BACKWARD = """
ALTER INDEX employer_name_pairs ALTER COLUMN 1 SET STATISTICS -1;
DROP FUNCTION headcount_number(integer, text, bigint);
ALTER TABLE quota_dispatchagreement DROP CONSTRAINT agreements_of_a_month_apart;
"""


class Migration(migrations.Migration):
    dependencies = [("quota", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
