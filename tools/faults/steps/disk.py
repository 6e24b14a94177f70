"""Disks fill up (B4): the run stops with its reason on the page and continues by itself; no half file is offered."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from demo.places import PROVINCE
from tools.faults.ground import Ground, wait_for
from tools.faults.province import STEADY_YEAR
from tools.faults.report import NotPossible, demand
from tools.faults.trial import Trial
from tools.faults.visitor import Visitor

MOVED = """
SELECT format('ALTER %%s %%s SET TABLESPACE %%s', CASE relkind WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END,
    oid::regclass, %s::text)
FROM pg_class WHERE oid = 'levy_assessment'::regclass
    OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'levy_assessment'::regclass)
"""


def run(trial: Trial) -> None:
    with trial.report.promise(
        "B4", "数据库磁盘写满：暂停、说明原因、自动恢复 a full disk stops and corrupts nothing"
    ) as line:
        line.remark = _full_database(trial)
    with trial.report.promise("B4", "导出磁盘写满：不留半个文件 a full disk leaves no half export"):
        _full_export(trial)


@contextlib.contextmanager
def small_disk(ground: Ground, name: str, size: str, *, is_database: bool = False) -> Iterator[Path]:
    """A folder on a disk of this size. Raises NotPossible if this user may not mount one."""
    folder = (ground.home.folder if is_database else ground.state.root) / name
    folder.mkdir(mode=0o700)
    options = f"size={size},mode=0700"
    if is_database and ground.home.identity:
        options += f",uid={ground.home.identity.uid},gid={ground.home.identity.gid}"
    command = ["mount", "-t", "tmpfs", "-o", options, "levy-faults", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        folder.rmdir()
        raise NotPossible("挂载内存盘需要root权限 mounting a small disk needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def grow(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=2g", str(folder)], check=True, capture_output=True)


def _full_database(trial: Trial) -> str:
    """The assessments are on a disk that is too small for them until it is enlarged."""
    checker = trial.checker
    size = max(trial.employers * 60, 1 << 18)
    with small_disk(trial.ground, "tiny", str(size), is_database=True) as folder:
        checker.do(f"CREATE TABLESPACE tiny LOCATION '{folder}'")
        try:
            checker.do("VACUUM FULL levy_assessment")
            _move(trial, "tiny")
            return _assess_on(trial, folder)
        finally:
            grow(folder)
            _move(trial, "pg_default")
            checker.do("CHECKPOINT")
            checker.do("DROP TABLESPACE tiny")


def _move(trial: Trial, tablespace: str) -> None:
    for (statement,) in trial.checker.ask(MOVED, tablespace):
        trial.checker.do(statement)


def _assess_on(trial: Trial, folder: Path) -> str:
    run_id = trial.start_run(STEADY_YEAR)
    trial.ground.start_worker("worker", "fast,batch", 2)
    trial.ground.start_beat()
    paused = "SELECT pause_reason = 'disk_full' AND paused_until > now() FROM levy_assessmentrun WHERE id = %s"
    wait_for(
        lambda: bool(trial.checker.value(paused, run_id)) or trial.checker.state(run_id) != "computing",
        "the run neither paused nor ended",
    )
    demand(trial.checker.state(run_id) == "computing", "the disk was large enough for the whole run")
    trial.fault("disk full", folder)
    done = trial.checker.done(run_id)
    officer = Visitor(trial.ground.start_web()).sign_in("levy1-shanxi")
    page = officer.get(f"/runs/{run_id}/").text
    demand("试算暂停：数据库存储空间不足" in page, "the page does not say why the run stands still")
    grow(folder)
    trial.finish(run_id, STEADY_YEAR)
    return f"{done[0]} of {done[1]} slices before it was full"


def _full_export(trial: Trial) -> None:
    run_id = trial.start_run(STEADY_YEAR, slices=10)
    trial.ground.start_worker("worker-export", "fast,batch", 2)
    trial.ground.start_beat("beat-export")
    wait_for(lambda: trial.checker.state(run_id) == "draft", "the run did not finish")
    with small_disk(trial.ground, "exports", "65536") as folder:
        target = folder / "levy-list.csv"
        options = ["--year", str(STEADY_YEAR), "--region", PROVINCE, "--format", "csv", "--out", str(target)]
        code = trial.ground.manage("levy_list", *options).wait()
        trial.fault("disk full", folder)
        demand(code == 1, f"the export ended with {code}")
        demand(list(folder.iterdir()) == [], "half a file was left")
    said = trial.ground.state.log("manage-levy_list").read_text()
    demand("不能写入" in said and "Traceback" not in said, "the person was not told why")
    trial.judge(run_id, STEADY_YEAR)
    trial.discard(run_id)
