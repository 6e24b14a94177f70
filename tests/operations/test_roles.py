"""What the application's role may do in the database, and what it cannot undo (promise E8)."""

import pghistory
import pgtrigger
import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import Model

from audit.models import AuditEntry
from levy.models import Assessment
from operations import roles
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory
from tools.roles import as_owner

pytestmark = pytest.mark.django_db
RIGHTS = {"SELECT", "INSERT", "UPDATE", "DELETE"}


@pytest.fixture
def row() -> Assessment:
    """An employer's row in a confirmed run."""
    EmployerFactory()
    return confirmed_run().assessments.get()


def of_confirmed_rows() -> str:
    """The trigger that keeps them."""
    return next(t for t in Assessment._meta.triggers if t.name == "leaves_open_run").get_pgid(Assessment)


def execute(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def refuses(statement: str) -> bool:
    try:
        with transaction.atomic():
            execute(statement)
    except DatabaseError as refusal:
        return "permission denied" in str(refusal) or "must be owner" in str(refusal)
    return False


BEYOND = [
    "ALTER TABLE audit_auditentry DISABLE TRIGGER USER",
    "ALTER TABLE levy_assessment DISABLE TRIGGER ALL",
    "ALTER TABLE levy_assessment ADD COLUMN mine int",
    "ALTER TABLE levy_assessment OWNER TO levy_app",
    "ALTER FUNCTION audit_entry_hash(audit_auditentry) RENAME TO mine",
    "ALTER ROLE levy_app SUPERUSER",
    "CREATE OR REPLACE FUNCTION _pgtrigger_should_ignore(trigger_name name) RETURNS boolean LANGUAGE sql"
    " AS 'SELECT true'",
    "CREATE TABLE public.mine (id int)",
    "CREATE TRIGGER mine BEFORE INSERT ON levy_assessment FOR EACH ROW EXECUTE FUNCTION"
    " suppress_redundant_updates_trigger()",
    "DROP TRIGGER pgtrigger_append_only_6cfb3 ON audit_auditentry",
    "DROP TABLE casework_casemessage",
    "TRUNCATE levy_assessment",
    "TRUNCATE accounts_session",
    "SET session_replication_role = replica",
    "UPDATE audit_auditentry SET reason = ''",
    "DELETE FROM audit_auditentry",
    "UPDATE quota_employerevent SET name = ''",
    "DELETE FROM quota_certificateevent",
    "UPDATE levy_assessment SET payable = 0",
    "DELETE FROM django_migrations",
]


@pytest.mark.parametrize("statement", BEYOND)
def test_the_application_can_not(statement: str) -> None:
    assert refuses(statement)


def test_the_application_owns_nothing_and_is_nobody_special() -> None:
    assert execute("SELECT current_user") == [(roles.APPLICATION,)]
    owned = "SELECT count(*) FROM {} WHERE pg_get_userbyid({}) = current_user"
    for catalogue, owner in (("pg_class", "relowner"), ("pg_proc", "proowner"), ("pg_database", "datdba")):
        assert execute(owned.format(catalogue, owner)) == [(0,)], catalogue
    special = "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles"
    assert execute(f"{special} WHERE rolname = current_user") == [(False,) * 5]


def test_the_rights_in_the_database_are_those_of_the_list() -> None:
    granted: dict[str, set[str]] = {}
    for table, right in execute(
        "SELECT c.relname, a.privilege_type FROM pg_class c, aclexplode(c.relacl) a"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.grantee = 'levy_app'::regrole"
    ):
        granted.setdefault(str(table), set()).add(str(right))
    tables = [str(name) for (name,) in execute(roles.TABLES)]
    assert len(tables) > 60
    assert roles.LESS.keys() <= set(tables)
    assert {name: granted.get(name, set()) for name in tables} == {
        name: set(roles.LESS.get(name, roles.ALL).split(", ")) for name in tables
    }


def refused_to_everybody(model: type[Model]) -> set[str]:
    """What triggers without a condition refuse; a history is only ever added to."""
    if issubclass(model, pghistory.models.Event):
        return {"UPDATE", "DELETE"}
    return {
        operation
        for trigger in getattr(model._meta, "triggers", [])
        if not isinstance(trigger, pgtrigger.ReadOnly)
        if trigger.condition is None and trigger.when is pgtrigger.Before
        if "RAISE EXCEPTION" in str(trigger.get_func(model)) and "IF " not in str(trigger.get_func(model))
        for operation in str(trigger.operation).split(" OR ")
    }


def test_what_triggers_refuse_to_everybody_is_not_granted() -> None:
    """A new table that is written once is missing in the list until it is entered there."""
    models = [model for model in apps.get_models() if not model.__module__.startswith("tests.")]
    refused = {model._meta.db_table: refused_to_everybody(model) & RIGHTS for model in models}
    assert {table: RIGHTS - rights for table, rights in refused.items() if rights} == {
        table: set(rights.split(", ")) for table, rights in roles.LESS.items() if table != "django_migrations"
    }


def delete_passing_over_the_trigger(row: Assessment) -> None:
    """Use pgtrigger's own switch, which any session can set."""
    with transaction.atomic():
        execute(
            f"SET LOCAL pgtrigger.ignore = '{{{of_confirmed_rows()}}}';DELETE FROM levy_assessment WHERE id = {row.pk}"
        )


def test_the_application_passes_over_no_trigger(row: Assessment) -> None:
    with pytest.raises(DatabaseError, match="the run is confirmed"):
        delete_passing_over_the_trigger(row)


def test_twin_the_owner_passes_over_one(row: Assessment) -> None:
    with as_owner():
        delete_passing_over_the_trigger(row)
    assert not Assessment.objects.filter(pk=row.pk).exists()


def delete_behind_a_temporary_table(row: Assessment) -> None:
    """Make the trigger believe that the run is still open."""
    with transaction.atomic():
        execute(
            "CREATE TEMP TABLE levy_assessmentrun ON COMMIT DROP AS"
            f" SELECT id, 'draft'::text AS state FROM public.levy_assessmentrun WHERE id = {row.run_id};"
            f"DELETE FROM levy_assessment WHERE id = {row.pk}; DROP TABLE pg_temp.levy_assessmentrun"
        )


def test_a_temporary_table_does_not_answer_for_the_real_one(row: Assessment) -> None:
    with pytest.raises(DatabaseError, match="the run is confirmed"):
        delete_behind_a_temporary_table(row)


def test_twin_without_its_fixed_path_the_trigger_asks_the_temporary_table(row: Assessment) -> None:
    with as_owner():
        execute(f"ALTER FUNCTION {of_confirmed_rows()}() RESET search_path")
    delete_behind_a_temporary_table(row)
    assert not Assessment.objects.filter(pk=row.pk).exists()


def test_a_database_without_the_application_s_role_is_not_migrated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "APPLICATION", "levy_nobody")
    with as_owner(), pytest.raises(ImproperlyConfigured, match="levy_nobody"):
        roles.settle_rights(using="default", plan=[])


def test_a_table_of_a_later_migration_has_its_rights() -> None:
    with as_owner():
        execute("CREATE TABLE levy_later (id int)")
        execute("CREATE FUNCTION of_later() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
        execute("SET CONSTRAINTS ALL IMMEDIATE")
        roles.settle_rights(using="default", plan=[])
    execute("INSERT INTO levy_later VALUES (1); UPDATE levy_later SET id = 2; DELETE FROM levy_later")
    assert refuses("TRUNCATE levy_later")
    assert execute("SELECT proconfig FROM pg_proc WHERE proname = 'of_later'") == [(["search_path=public, pg_temp"],)]


def test_new_keys_are_not_for_the_application() -> None:
    with pytest.raises(CommandError, match="数据库所有者"):
        call_command("renew_keys")
    assert not AuditEntry.objects.exists()
