"""People whose numbers may appear nowhere (E1).

They go through the system while it is broken; then every place with written data is searched for their numbers.
"""

import base64
import csv
import io
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import redis

from demo.codes import identity_number
from demo.places import DISTRICT
from demo.units import OPEN_YEAR
from exchange.engine.contract import Kind
from quota.kinds import CERTIFICATES, INSURANCE, PLACEMENTS, WAGES
from quota.models import Employer
from tools.faults.report import demand
from tools.faults.trial import Trial
from tools.faults.visitor import Visitor

PEOPLE = 60
NAME = "演练者"
FIRST_SERIAL = 40_000_000  # beyond every person of the demo
KINDS = (PLACEMENTS, CERTIFICATES, INSURANCE, WAGES)
CRASHES = 12
PUBLIC = ("/", "/search/", "/open-data/", "/calculator/", "/sign-in/", "/health/", "/api/v1/schema/")
# A row that the database refuses with all its values in the message.
BROKEN = "ALTER TABLE quota_insurancemonth ADD CONSTRAINT refuses_all CHECK (NOT pension) NOT VALID"
MENDED = "ALTER TABLE quota_insurancemonth DROP CONSTRAINT IF EXISTS refuses_all"
TEXTS = {
    "the trail": "SELECT reason || details::text FROM audit_auditentry",
    "reports on files": "SELECT name || refusal || faults::text || warnings::text FROM exchange_importedfile",
    "sessions": "SELECT session_data FROM accounts_session",
    "slices": "SELECT error FROM levy_assessmentslice",
    # Idle sessions are left out: their last statement repeats a typed address, and only the same role can read it.
    "statements": "SELECT query FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state <> 'idle'",
}


def run(trial: Trial) -> None:
    with trial.report.promise("E1", "查遍每一处，没有演练人员的证件号码 canary people leak nowhere") as line:
        numbers = [identity_number(FIRST_SERIAL + serial)[0] for serial in range(PEOPLE)]
        _journey(trial, numbers)
        searched, found = search(trial, numbers)
        demand(not found, f"found in {sorted(set(found))}")
        line.remark = f"{PEOPLE} people, {searched} places"
    with trial.report.promise("E7", "数据文件和预写日志里没有演练人员的证件号码 sealed in data files and log"):
        trial.checker.do("CHECKPOINT")
        demand(_cluster_files_with(trial, [NAME]), "their names, which are not sealed, were not found either")
        found = _cluster_files_with(trial, [number[:17] for number in numbers])
        demand(not found, f"found in {found}")


def _journey(trial: Trial, numbers: list[str]) -> None:
    """All four kinds of file about them, sound and broken, by the page and by a worker that is killed."""
    port = trial.ground.start_web()
    verifier, loader = (Visitor(port).sign_in(f"{name}-shanxi") for name in ("verifier1", "service1"))
    trial.ground.start_worker("worker-canary", "fast,import", 1)
    for kind in KINDS:
        hand = verifier if kind is PLACEMENTS else loader
        send_file(hand, kind, rows_about(kind, numbers))
        send_file(hand, kind, [row[::-1] for row in rows_about(kind, numbers)])  # every number in a wrong column
        trial.fault("columns in the wrong order", kind.name)
    trial.checker.do(BROKEN)
    try:
        send_file(loader, INSURANCE, rows_about(INSURANCE, numbers, month="2025-09"))
        trial.fault("constraint refuses the rows")
    finally:
        trial.checker.do(MENDED)
    for crash in range(CRASHES):
        # Large enough for the worker, which is killed while it reads the rows.
        many = rows_about(WAGES, numbers, month=f"2025-{crash + 1:02d}") * 60
        send_file(loader, WAGES, many)
        for child in trial.ground.children("worker-canary"):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        trial.fault("importer killed", crash)
    for path in ("/verification/", f"/returns/{numbers[0]}/", f"/employers/{numbers[0]}/{OPEN_YEAR}/"):
        verifier.get(path)
    loader.post("/files/", {"kind": WAGES.name, "file": numbers[0]})


def rows_about(kind: Kind, numbers: list[str], month: str = "2025-03") -> list[list[str]]:
    """One sound row of the kind about each of them."""
    code = Employer.objects.filter(region=DISTRICT).order_by("pk").values_list("uscc", flat=True)[0]
    rows = {
        PLACEMENTS.name: lambda n: [
            code,
            str(OPEN_YEAR),
            NAME,
            n,
            "残疾人证",
            f"{n}43",
            "劳动合同",
            "2024-01-01",
            "",
            "",
        ],
        CERTIFICATES.name: lambda n: ["残疾人证", f"{n}43", NAME, n, "4", "3", "2020-01-01", "2030-01-01", "有效"],
        INSURANCE.name: lambda n: [code, n, month, "1", "1", "1", "1"],
        WAGES.name: lambda n: [code, n, month, "5231.47"],
    }
    return [rows[kind.name](number) for number in numbers]


def send_file(person: Visitor, kind: Kind, rows: list[list[str]]) -> None:
    """Upload a file, and write it if the page offers that."""
    text = io.StringIO()
    csv.writer(text).writerows([kind.headings, *rows])
    sent = person.post("/files/", {"kind": kind.name}, ("file", "canaries.csv", text.getvalue().encode()))
    path = sent.url.partition(f":{person.port}")[2]
    if f'href="{path}write/"' in sent.text:
        person.post(f"{path}write/", {})


def forms_of(numbers: list[str]) -> list[bytes]:
    """The forms in which a number may appear: itself, all but its last digit, quoted, in hex, in base64 at each
    offset."""
    forms = set()
    for number in numbers:
        forms |= {number, number[:17], quote(number), number[:17].encode().hex()}
        forms |= {
            base64.b64encode(b"x" * offset + number.encode()).decode()[4 * bool(offset) : 20] for offset in range(3)
        }
    return [form.encode() for form in forms]


def search(trial: Trial, numbers: list[str]) -> tuple[int, list[str]]:
    """The number of places searched, and the places with a number in them."""
    forms = forms_of(numbers)
    searched, found = 0, []
    for place, content in _places(trial):
        searched += 1
        if any(form in content for form in forms):
            found.append(place)
    return searched, found


def _places(trial: Trial) -> Iterator[tuple[str, bytes]]:
    yield from _files(trial)
    for name, variable in (("broker", "REDIS_URL"), ("cache", "CACHE_URL")):
        server = redis.Redis.from_url(trial.ground.environment[variable])
        for key in server.scan_iter():
            yield f"{name} {key.decode(errors='replace')[:40]}", key + (server.dump(key) or b"")
    for name, query in TEXTS.items():
        yield name, "\n".join(str(text) for (text,) in trial.checker.ask(query)).encode()
    public = Visitor(trial.ground.start_web("web-public"))
    for page in PUBLIC:
        yield f"public {page}", public.get(page).text.encode()


def _files(trial: Trial) -> Iterator[tuple[str, bytes]]:
    """Logs, uploads as stored on disk, temporary files, and the arguments of every program."""
    ground = trial.ground
    for log in ground.logs():
        yield f"log {log.name}", log.read_bytes()
    for path in (ground.state.root / "files").rglob("*"):
        if path.is_file():
            yield f"file {path.parent.name}/", path.read_bytes()
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield "process arguments", arguments.read_bytes()


def _cluster_files_with(trial: Trial, texts: list[str]) -> list[str]:
    """The files of the whole cluster, write-ahead log included, that contain one of the texts."""
    command = ["grep", "--recursive", "--files-with-matches", "--text", "--fixed-strings", "--no-messages", "--file=-"]
    command.append(str(trial.ground.home.cluster))
    done = subprocess.run(command, input="\n".join(texts), capture_output=True, text=True)
    return done.stdout.splitlines()
