"""Five thousand odd requests of strangers: none is an error of the server, none costs more than its bound (F8)."""

import logging

from config.wsgi import application
from tools.faults.hostile_requests import MOST, requests, send
from tools.faults.report import demand
from tools.faults.trial import Trial

COUNT = 5000
MOST_SECONDS = 1.5  # of one processor; about a second on a quiet one


def run(trial: Trial) -> None:
    with trial.report.promise("F8", f"{COUNT}个古怪请求：没有500，耗时有限 odd requests end soon") as line:
        logging.disable()  # a line for each request, in the middle of the report
        try:
            line.remark = _send_all(trial)
        finally:
            logging.disable(logging.NOTSET)


def _send_all(trial: Trial) -> str:
    slowest, longest = "", 0.0
    for sent in requests(trial.nemesis.chance("requests"), COUNT, MOST):
        trial.fault("odd request")
        answer = send(application, sent)
        demand(answer.status < 500, f"{answer.status}: {sent}")
        demand(answer.seconds <= MOST_SECONDS, f"{answer.seconds:.1f} s: {sent}")
        if answer.seconds > longest:
            slowest, longest = f"{sent.method} {sent.path} {len(sent.body):,} bytes", answer.seconds
    return f"the slowest took {longest:.2f} s: {slowest}"
