"""The drill (G3): a backup by the scripts of deploy/, a mistake, and a restore to the moment before it."""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from tools.faults.ground import wait_for
from tools.faults.report import demand
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


def _drill(trial: Trial) -> None:
    ground = trial.ground
    backup = ground.home.folder / "backup"
    (backup / "wal").mkdir(parents=True)
    if ground.home.identity:
        for folder in (backup, backup / "wal"):
            os.chown(folder, ground.home.identity.uid, ground.home.identity.gid)
    archiving = {"archive_mode": "on", "archive_command": f"test ! -f {backup}/wal/%f && cp %p {backup}/wal/%f"}
    ground.stop_database()
    ground.start_database(archiving)
    _script(trial, backup, "backup.sh")
    trial.checker.do("UPDATE collection_payment SET budget_level = '省级' WHERE id % 7 = 0")  # must survive
    wanted = _stand(trial)
    moment = str(trial.checker.value("SELECT clock_timestamp()"))
    time.sleep(0.2)
    trial.checker.do(MISTAKE)
    trial.fault("bad DELETE", moment)
    demand(_stand(trial) != wanted, "the mistake changed nothing")
    segment = str(trial.checker.value("SELECT pg_walfile_name(pg_switch_wal())"))
    wait_for((backup / "wal" / segment).exists, "the log was not archived")
    ground.stop_database()
    (base,) = (path.name for path in (backup / "base").iterdir())
    _script(trial, backup, "restore.sh", base, moment)
    ground.start_database()
    wait_for(lambda: not trial.checker.value("SELECT pg_is_in_recovery()"), "recovery did not end")
    demand(_stand(trial) == wanted, f"restored {_stand(trial)}, wanted {wanted}")
    demand(ground.manage("audit_verify").wait() == 0, "the trail of the copy is broken")
    visitor = Visitor(ground.start_web()).sign_in("auditor-shanxi")
    demand(visitor.get("/audit-log/").status == 200, "nobody can sign in to the copy")
    shutil.rmtree(backup, ignore_errors=True)


def _stand(trial: Trial) -> list[Any]:
    return [trial.checker.ask(query) for query in STAND]


def _script(trial: Trial, backup: Path, name: str, *arguments: str) -> None:
    """Run a script of deploy/ as the database's user, as the containers do."""
    ground = trial.ground
    environment = {
        "PATH": f"{ground.home.programs}{os.pathsep}{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(ground.database_port),
        "PGUSER": "postgres",
        "PGPASSWORD": ground.secrets["database_admin_password"],
        "PGDATA": str(ground.home.cluster),
        "BACKUP_DIR": str(backup),
        "BACKUP_KEEP_DAYS": "35",
    }
    # The database's user may not be able to read the clone, so read the script here.
    command = ["/bin/sh", "-c", (ROOT / "deploy" / name).read_text(), name, *arguments]
    identity = processes.drop_to(ground.home.identity)
    done = subprocess.run(command, env=environment, cwd=ground.home.folder, capture_output=True, text=True, **identity)
    demand(done.returncode == 0, f"{name}: {done.stderr[-300:]}")
