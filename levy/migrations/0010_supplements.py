"""A supplement (补充核定) has no older row. An employer is assessed once a year all the same, whoever acts at once:
the two triggers let one of them wait for the other, year by year (promise A4)."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION levy_supplement_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    first levy_assessment;
BEGIN
    SELECT * INTO first FROM levy_assessment WHERE id = NEW.new_id;
    PERFORM pg_advisory_xact_lock(hashtext('levy supplement'), first.levy_year);
    IF EXISTS (
        SELECT 1 FROM levy_assessment a JOIN levy_assessmentrun run ON run.id = a.run_id
        LEFT JOIN levy_supersession s ON s.new_id = a.id AND s.old_id IS NULL
        WHERE a.employer_id = first.employer_id AND a.levy_year = first.levy_year AND a.id <> first.id
            AND (run.state IN ('confirmed', 'handed_over') OR s.id IS NOT NULL)
    ) THEN
        RAISE EXCEPTION 'the employer is assessed, or about to be' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION levy_run_without_supplements() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('levy supplement'), NEW.levy_year);
    IF EXISTS (
        SELECT 1 FROM levy_supersession s JOIN levy_assessment first ON first.id = s.new_id
        JOIN levy_assessment a ON a.run_id = NEW.id AND a.employer_id = first.employer_id
        WHERE s.old_id IS NULL AND s.approved_at IS NOT NULL AND first.levy_year = NEW.levy_year
    ) THEN
        RAISE EXCEPTION 'an employer of the run was assessed by a supplement' USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER levy_supplement_once AFTER INSERT OR UPDATE OF approved_at ON levy_supersession
    FOR EACH ROW WHEN (NEW.old_id IS NULL) EXECUTE FUNCTION levy_supplement_once();
CREATE TRIGGER levy_run_without_supplements AFTER UPDATE OF state ON levy_assessmentrun
    FOR EACH ROW WHEN (NEW.state = 'confirmed' AND NOT NEW.is_correction)
    EXECUTE FUNCTION levy_run_without_supplements();
"""

BACKWARD = """
DROP TRIGGER levy_run_without_supplements ON levy_assessmentrun;
DROP TRIGGER levy_supplement_once ON levy_supersession;
DROP FUNCTION levy_run_without_supplements();
DROP FUNCTION levy_supplement_once();
"""


class Migration(migrations.Migration):
    dependencies = [("levy", "0009_region_changes")]

    operations = [
        # Django would also take the foreign key away and check every row for it again.
        migrations.RunSQL(
            "ALTER TABLE levy_supersession ALTER COLUMN old_id DROP NOT NULL",
            "ALTER TABLE levy_supersession ALTER COLUMN old_id SET NOT NULL",
            state_operations=[
                migrations.AlterField(
                    model_name="supersession",
                    name="old",
                    field=models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="superseded_by",
                        to="levy.assessment",
                    ),
                ),
            ],
        ),
        migrations.AlterField(
            model_name="supersession",
            name="ground",
            field=models.CharField(
                choices=[
                    ("correction", "更正"),
                    ("objection", "异议"),
                    ("audit", "检查"),
                    ("refund", "退费"),
                    ("supplement", "补充核定"),
                ],
                max_length=12,
                verbose_name="事由",
            ),
        ),
        AddConstraintNotValid(
            model_name="supersession",
            constraint=models.CheckConstraint(
                condition=models.Q(("ground", "supplement"), ("old", None))
                | models.Q(("old__isnull", False), models.Q(("ground", "supplement"), _negated=True)),
                name="supplement_has_no_older_row",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
