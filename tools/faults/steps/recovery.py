"""The drill (G3): a backup by the scripts of deploy/, a mistake, and a restore to the moment before it."""

import os
import shutil
import subprocess
import time
from typing import Any

import psycopg
from django.db import connection

from audit.queries import seal_path
from audit.services import seal_trail
from tools.faults.backups import new_keys
from tools.faults.ground import Ground, wait_for
from tools.faults.report import NotPossible, demand
from tools.faults.rewriting import rewriting
from tools.faults.trial import Trial
from tools.faults.visitor import Visitor
from tools.runner import processes
from tools.runner.state import ROOT

STAND = (
    "SELECT count(*), coalesce(sum(amount), 0), md5(coalesce(string_agg(receipt_number || amount, ',' ORDER BY"
    " receipt_number), '')) FROM collection_payment",
    "SELECT count(*), sum(credited_months) FROM quota_verifiedheadcount",
    "SELECT count(*), md5(string_agg(uscc, ',' ORDER BY id)) FROM quota_employer",
    "SELECT count(*), encode(max(hash), 'hex') FROM audit_auditentry",
)
MISTAKE = "DELETE FROM quota_verifiedheadcount WHERE levy_year = 2025; DELETE FROM collection_payment"


def run(trial: Trial) -> None:
    with trial.report.promise("G3 E4", "备份、误删、恢复到误删之前 restored to the moment before a mistake") as line:
        began = time.monotonic()
        _drill(trial)
        line.remark = f"{time.monotonic() - began:.0f} s from backup to sign-in"
    with trial.report.promise("E4 E8", "应用账号改不了办理记录，重写则与外存封存不符 a trail written anew shows"):
        _rewrite_the_trail(trial)


def _drill(trial: Trial) -> None:
    if not shutil.which("gpg"):
        raise NotPossible("未安装gpg there is no gpg to encrypt backups with")
    ground = trial.ground
    backup, scripts = ground.home.folder / "backup", ground.home.folder / "deploy"
    # The database's user may not be able to read the clone.
    shutil.copytree(ROOT / "deploy", scripts)
    _key, private_key = new_keys(ground.home.folder)
    (backup / "wal").mkdir(parents=True)
    if ground.home.identity:
        for folder in (backup, backup / "wal"):
            os.chown(folder, ground.home.identity.uid, ground.home.identity.gid)
    places = " ".join(f"{name}='{place}'" for name, place in _places(ground).items())
    archiving = {"archive_mode": "on", "archive_command": f"{places} sh '{scripts}/archive.sh' %p %f"}
    ground.stop_database()
    ground.start_database(archiving)
    _script(trial, "backup.sh")
    trial.checker.do("UPDATE collection_payment SET budget_level = '省级' WHERE id % 7 = 0")  # must survive
    wanted = _stand(trial)
    moment = str(trial.checker.value("SELECT clock_timestamp()"))
    time.sleep(0.2)
    trial.checker.do(MISTAKE)
    trial.fault("bad DELETE", moment)
    demand(_stand(trial) != wanted, "the mistake changed nothing")
    segment = str(trial.checker.value("SELECT pg_walfile_name(pg_switch_wal())"))
    wait_for((backup / "wal" / f"{segment}.gpg").exists, "the log was not archived")
    ground.stop_database()
    (base,) = (path.name.removesuffix(".tar.gpg") for path in (backup / "base").iterdir())
    _script(trial, "restore.sh", base, moment, told=private_key)
    ground.start_database()
    wait_for(lambda: not trial.checker.value("SELECT pg_is_in_recovery()"), "recovery did not end")
    demand(_stand(trial) == wanted, f"restored {_stand(trial)}, wanted {wanted}")
    demand(ground.manage("audit_verify").wait() == 0, "the trail of the copy is broken")
    visitor = Visitor(ground.start_web()).sign_in("auditor-shanxi")
    demand(visitor.get("/audit-log/").status == 200, "nobody can sign in to the copy")
    shutil.rmtree(backup, ignore_errors=True)


def _rewrite_the_trail(trial: Trial) -> None:
    """Take twelve entries out, as the application and as the owner, who writes the seal file anew as well."""
    ground = trial.ground
    connection.close()  # the database was started anew
    seal_trail()
    kept = ground.state.root / "kept-elsewhere.log"
    kept.write_text(f"levy: audit seal {seal_path().read_text().splitlines()[-1]}\n")
    with psycopg.connect(ground.environment["DATABASE_URL"], autocommit=True) as application:
        done = [statement for statement in rewriting(12) if _is_done(application, statement)]
    demand(not done, f"the application could do this: {done}")
    demand(ground.manage("audit_verify", "--seals", str(kept)).wait() == 0, "the trail is not whole before the attack")
    with psycopg.connect(ground.owner_url, autocommit=True) as owner:
        for statement in rewriting(12):
            owner.execute(statement)
    seal_path().unlink()
    seal_trail()
    trial.fault("trail rewritten by the owner")
    demand(ground.manage("audit_verify", "--seals", str(kept)).wait() == 1, "a rewritten trail is called whole")


def _is_done(connected: psycopg.Connection[Any], statement: str) -> bool:
    try:
        connected.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def _places(ground: Ground) -> dict[str, str]:
    return {"BACKUP_DIR": str(ground.home.folder / "backup"), "BACKUP_KEY": str(ground.home.folder / "key.asc")}


def _stand(trial: Trial) -> list[Any]:
    return [trial.checker.ask(query) for query in STAND]


def _script(trial: Trial, name: str, *arguments: str, told: str = "") -> None:
    """Run a script of deploy/ as the database's user, as the containers do."""
    ground = trial.ground
    environment = {
        "PATH": f"{ground.home.programs}{os.pathsep}{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(ground.database_port),
        "PGUSER": "postgres",
        "PGPASSWORD": ground.secrets["database_admin_password"],
        "PGDATA": str(ground.home.cluster),
        "BACKUP_KEEP_DAYS": "35",
        **_places(ground),
    }
    home = ground.home
    command = ["/bin/sh", str(home.folder / "deploy" / name), *arguments]
    identity = processes.drop_to(home.identity)
    done = subprocess.run(
        command, env=environment, cwd=home.folder, input=told, capture_output=True, text=True, **identity
    )
    demand(done.returncode == 0, f"{name}: {done.stderr[-300:]}")
