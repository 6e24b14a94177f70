"""Every alarm of the system: when it is raised, what users notice, what an operator does first (docs/runbook.md)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from operations.models import Sign
from operations.queries.readings import QUEUES, Readings

QUEUE_SILENT = timedelta(minutes=5)  # a task may take that long (CELERY_TASK_TIME_LIMIT)
WATCH_SILENT = timedelta(minutes=3)
BACKUP_EVERY = timedelta(hours=26)  # nightly, with two hours of grace
DRILL_EVERY = timedelta(days=100)
TRAIL_EVERY = timedelta(hours=26)
LEAST_FREE_SPACE = 0.1


@dataclass(frozen=True)
class Alarm:
    """`subjects` names what is concerned, one alarm each; "" when it is the system itself, nothing when all is well.

    `effect` is what users notice, empty when they notice nothing.
    """

    code: str
    title: Promise
    effect: Promise | str
    cure: Promise
    subjects: Callable[[Readings], Iterable[str]]


def _older(readings: Readings, sign: Sign, bound: timedelta, *, never: bool) -> bool:
    """True if a sign is older than its bound; `never` if it has not been seen at all."""
    age = readings.ages.get(sign)
    return never if age is None else age > bound


def _when(condition: bool) -> list[str]:
    return [""] if condition else []


def _silent_queues(readings: Readings) -> list[str]:
    # Before the scheduler's first minute nothing has been seen, and nothing is wrong yet.
    return [name for sign, name in QUEUES.items() if _older(readings, sign, QUEUE_SILENT, never=False)]


ALARMS = (
    Alarm(
        "broker-down",
        _("消息服务没有应答"),
        _("核定计算、文书生成和文件导入会推迟；已提交的内容不会丢失。"),
        _("查看消息服务是否运行。恢复后系统自动补发，不必重新提交。"),
        lambda readings: _when(readings.queue_lengths is None),
    ),
    Alarm(
        "queue-silent",
        _("任务队列没有应答"),
        _("部分后台办理会推迟；已提交的内容不会丢失。"),
        _("查看该队列的工作进程和定时程序；都正常的，可能是一项任务占用太久。"),
        _silent_queues,
    ),
    Alarm(
        "run-stalled",
        _("核定批次五分钟没有进展"),
        "",
        _("打开批次页看剩余分片；查看工作进程和数据库磁盘。恢复后自动继续。"),
        lambda readings: map(str, readings.stalled_runs),
    ),
    Alarm(
        "run-partial",
        _("核定批次有分片已隔离"),
        "",
        _("打开批次页看隔离原因；改正资料后作废该批次，重新试算。"),
        lambda readings: map(str, readings.partial_runs),
    ),
    Alarm(
        "file-stalled",
        _("导入文件五分钟没有进展"),
        "",
        _("查看文件导入队列的工作进程。恢复后自动继续，不必重新上传。"),
        lambda readings: map(str, readings.stalled_files),
    ),
    Alarm(
        "publication-failed",
        _("公示生成失败"),
        "",
        _("打开公示页看原因；核对批次合计后作废，重新生成。"),
        lambda readings: map(str, readings.failed_publications),
    ),
    Alarm(
        "watch-silent",
        _("值守程序没有运行"),
        "",
        _("启动值守程序（manage.py watch）。它停止期间告警不会写入日志。"),
        lambda readings: _when(_older(readings, Sign.WATCH, WATCH_SILENT, never=True)),
    ),
    Alarm(
        "backup-old",
        _("超过26小时没有备份"),
        "",
        _("查看备份任务的日志和备份目录的空间，立即补做一次。"),
        lambda readings: _when(_older(readings, Sign.BACKUP, BACKUP_EVERY, never=True)),
    ),
    Alarm(
        "drill-old",
        _("超过100天没有做恢复演练"),
        "",
        _("按运行手册做一次恢复演练。"),
        lambda readings: _when(_older(readings, Sign.RESTORE, DRILL_EVERY, never=True)),
    ),
    Alarm(
        "trail-unproved",
        _("办理记录未通过校验"),
        "",
        _("运行 manage.py audit_verify；报告断裂位置的，保护现场并报告审计和安全人员。"),
        lambda readings: _when(_older(readings, Sign.TRAIL, TRAIL_EVERY, never=False)),
    ),
    Alarm(
        "codes-guessed",
        _("一个账号一天内第二重验证失败10次以上"),
        "",
        _("在人员页面核对账号和办理记录，与本人确认；不是本人操作的，停用账号，更换密码。"),
        lambda readings: map(str, readings.guessed_codes),
    ),
    Alarm(
        "often-unlocked",
        _("一个账号一天内解除登录暂停3次以上"),
        "",
        _("查看办理记录中由谁解除，与本人和办理人确认；有疑问的，停用账号并报告安全人员。"),
        lambda readings: map(str, readings.often_unlocked),
    ),
    Alarm(
        "certificates-tried",
        _("单位一日内填写多个登记库中没有的证件"),
        "",
        _("将单位的信用代码告知所在地残联，由残联查看该单位的申报并联系核实。"),
        lambda readings: readings.employers_that_try,
    ),
    Alarm(
        "disk-full",
        _("磁盘空间不足10%"),
        _("上传和生成文件可能失败。"),
        _("清理或扩大磁盘；数据库写满后会暂停，恢复空间后自动继续。"),
        lambda readings: _when(readings.free_space < LEAST_FREE_SPACE),
    ),
)
BY_CODE = {alarm.code: alarm for alarm in ALARMS}


def raised(readings: Readings) -> list[tuple[Alarm, str]]:
    """The alarms raised now, each with its subject."""
    return [(alarm, subject) for alarm in ALARMS for subject in alarm.subjects(readings)]
