"""A written assessment is never edited, and one of a confirmed run neither joined nor removed (promise A7).

The checks run once per statement, so that a slice of 20,000 rows pays once. TRUNCATE is refused except in a test
database, which Django empties that way.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION levy_assessment_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\\_%' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'an assessment is never edited, only superseded' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION levy_assessment_run_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT run_id FROM changed) c JOIN levy_assessmentrun run ON run.id = c.run_id
        WHERE run.state IN ('confirmed', 'handed_over')
    ) THEN
        RAISE EXCEPTION 'the run is confirmed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER levy_assessment_frozen BEFORE UPDATE ON levy_assessment
    FOR EACH STATEMENT EXECUTE FUNCTION levy_assessment_refuse();
CREATE TRIGGER levy_assessment_no_truncate BEFORE TRUNCATE ON levy_assessment
    FOR EACH STATEMENT EXECUTE FUNCTION levy_assessment_refuse();
CREATE TRIGGER levy_assessment_insert AFTER INSERT ON levy_assessment REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION levy_assessment_run_open();
CREATE TRIGGER levy_assessment_delete AFTER DELETE ON levy_assessment REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION levy_assessment_run_open();
"""

BACKWARD = """
DROP TRIGGER levy_assessment_delete ON levy_assessment;
DROP TRIGGER levy_assessment_insert ON levy_assessment;
DROP TRIGGER levy_assessment_no_truncate ON levy_assessment;
DROP TRIGGER levy_assessment_frozen ON levy_assessment;
DROP FUNCTION levy_assessment_run_open();
DROP FUNCTION levy_assessment_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("levy", "0002_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
