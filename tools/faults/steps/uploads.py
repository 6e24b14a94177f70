"""A thousand damaged or hostile files, sent by the upload page (C1, C2)."""

import csv
import io
import socket
from concurrent.futures import ThreadPoolExecutor
from random import Random

from openpyxl import Workbook

from demo.codes import identity_number
from quota.kinds import INSURANCE
from quota.models import Employer
from tools.faults.ground import wait_for
from tools.faults.hostile import BOMBS, CSV_MUTATIONS, MUTATIONS, SHEET, archive, cell
from tools.faults.report import demand
from tools.faults.trial import Trial
from tools.faults.visitor import Answer, Visitor

DAMAGED, WORKBOOKS = 1000, 100
HANDS = 4
STORED = "SELECT count(*) FROM quota_insurancemonth"
# Rows that files brought, by their reports: no other row may be added.
WRITTEN = "SELECT coalesce(sum(new_rows), 0) FROM exchange_importedfile WHERE kind = 'insurance' AND state = 'applied'"
OPEN_ENDS = "SELECT count(*) FROM exchange_importedfile WHERE kind = 'insurance' AND state IN ('reading', 'writing')"


def run(trial: Trial) -> None:
    port = trial.ground.start_web()
    with trial.report.promise("C1", f"{DAMAGED}个损坏文件：不崩溃、不写半份 hostile uploads end in words") as line:
        line.remark = _send_damaged(trial, port)
    with trial.report.promise("C2", "压缩炸弹和外部实体当场拒绝 bombs are refused"):
        _send_bombs(trial, port)


def _send_damaged(trial: Trial, port: int) -> str:
    chance = trial.nemesis.chance("uploads")
    before = trial.checker.value(STORED), trial.checker.value(WRITTEN)
    wholes = _whole_files(chance)
    damaged = [_damaged(chance, wholes, number) for number in range(DAMAGED)]
    hands = [Visitor(port).sign_in("service1-shanxi") for _hand in range(HANDS)]
    with ThreadPoolExecutor(HANDS) as pool:
        shares = [pool.submit(_send_all, hand, damaged[number::HANDS]) for number, hand in enumerate(hands)]
        written = sum(share.result() for share in shares)
    for _file in range(DAMAGED):
        trial.fault("damaged file")
    bad = [status for hand in hands for status in hand.seen if not 200 <= status < 500]
    demand(not bad, f"{len(bad)} answers were {sorted(set(bad))}")
    stored, reported = trial.checker.value(STORED) - before[0], trial.checker.value(WRITTEN) - before[1]
    demand(stored == reported, f"{stored} rows were stored, the reports say {reported}")
    demand(trial.checker.value(OPEN_ENDS) == 0, "an upload was never finished")
    return f"{written} of them were sound and written"


def _whole_files(chance: Random) -> tuple[bytes, bytes]:
    """A sound file as CSV and as a workbook."""
    code = Employer.objects.order_by("pk").values_list("uscc", flat=True)[0]
    people = [identity_number(chance.randrange(10**6))[0] for _person in range(12)]
    rows = [INSURANCE.headings, *([code, person, "2025-03", "1", "1", "1", "0"] for person in people)]
    text, book, target = io.StringIO(), Workbook(), io.BytesIO()
    csv.writer(text).writerows(rows)
    for row in rows:
        book.active.append(list(row))
    book.save(target)
    return text.getvalue().encode(), target.getvalue()


def _damaged(chance: Random, wholes: tuple[bytes, bytes], number: int) -> tuple[str, bytes]:
    if number % (DAMAGED // WORKBOOKS) == 0:
        return "file.xlsx", chance.choice(MUTATIONS)(wholes[1], chance)
    return "file.csv", chance.choice(CSV_MUTATIONS)(wholes[0], chance)


def _send_all(hand: Visitor, files: list[tuple[str, bytes]]) -> int:
    """Send each file and order the writing where the page offers it. Returns the number of orders."""
    written = 0
    for name, content in files:
        answer = _send(hand, name, content)
        path = answer.url.partition(f":{hand.port}")[2]
        if f'href="{path}write/"' in answer.text:
            written += "/files/" in hand.post(f"{path}write/", {}).url
    return written


def _send(hand: Visitor, name: str, content: bytes) -> Answer:
    return hand.post("/files/", {"kind": INSURANCE.name}, ("file", name, content))


def _send_bombs(trial: Trial, port: int) -> None:
    trial.ground.start_worker("worker-import", "import", 1)  # for the larger files
    hand = Visitor(port).sign_in("service1-shanxi")
    before = trial.checker.value(STORED)
    for name, (make, words) in BOMBS.items():
        answer = _send(hand, "file.xlsx", make())
        trial.fault("bomb", name)
        demand(answer.status == 200, f"{name}: status {answer.status}")
        if name != "expanded":  # the page's limit is larger than what this file expands to
            path = answer.url.partition(f":{port}")[2]
            wait_for(lambda: words in hand.get(path).text, f"{name} was not refused with {words}", 60)  # noqa: B023
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:{listener.getsockname()[1]}/">]>'
        _send(hand, "file.xlsx", archive(entity + SHEET.format(cell("A1", "&e;"))))
        trial.fault("external entity")
        try:
            listener.accept()
        except TimeoutError:
            pass
        else:
            demand(False, "an external entity was fetched")
    demand(trial.checker.value(STORED) == before, "a bomb wrote rows")
