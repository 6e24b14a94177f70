"""Two agreements that name a host for one person in the same month are refused: a person moves once."""

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
"""
BACKWARD = "ALTER TABLE quota_dispatchagreement DROP CONSTRAINT agreements_of_a_month_apart;"


class Migration(migrations.Migration):
    dependencies = [("quota", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
