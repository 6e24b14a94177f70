"""Rows of a publication are written while it is prepared, removed only with a discarded one, and never edited.

The checks run once per statement, so that a million rows pay once. TRUNCATE is refused except in a test database,
which Django empties that way.
"""

from django.db import migrations

TABLES = ["disclosure_publishedentry", "disclosure_publishedfigure", "disclosure_publishedregion", "disclosure_publishedfile"]

FUNCTIONS = """
CREATE FUNCTION disclosure_published_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' AND current_database() LIKE 'test\\_%' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'published rows are never edited' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION disclosure_published_only_in() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT publication_id FROM changed) c
        JOIN disclosure_publication p ON p.id = c.publication_id
        WHERE NOT p.state = ANY (TG_ARGV)
    ) THEN
        RAISE EXCEPTION 'the publication is frozen' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER {table}_frozen BEFORE UPDATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION disclosure_published_refuse();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION disclosure_published_refuse();
CREATE TRIGGER {table}_insert AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION disclosure_published_only_in('preparing');
CREATE TRIGGER {table}_delete AFTER DELETE ON {table} REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION disclosure_published_only_in('preparing', 'failed', 'discarded');
"""

DROP_TRIGGERS = """
DROP TRIGGER {table}_delete ON {table};
DROP TRIGGER {table}_insert ON {table};
DROP TRIGGER {table}_no_truncate ON {table};
DROP TRIGGER {table}_frozen ON {table};
"""

DROP_FUNCTIONS = """
DROP FUNCTION disclosure_published_only_in();
DROP FUNCTION disclosure_published_refuse();
"""

FORWARD = FUNCTIONS + "".join(TRIGGERS.format(table=table) for table in TABLES)
BACKWARD = "".join(DROP_TRIGGERS.format(table=table) for table in TABLES) + DROP_FUNCTIONS


class Migration(migrations.Migration):
    dependencies = [("disclosure", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
