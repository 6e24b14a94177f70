"""The treasury's payments as an exchange file."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from collection.models import Payment
from collection.queries.payment_match import PaymentMatch, match_lines
from exchange.engine import cells, checks
from exchange.engine.contract import Check, Column, Control, FileSequel, Kind, Matter, Scope, StagedRows
from exchange.engine.faults import Fault, Refusal
from exchange.models import ImportedFile
from quota.kinds.columns import employer_column, levy_year
from quota.models.employers import MAX_YUAN

LARGEST_RECEIPT = 10**10  # yuan; more than any employer of the country could owe for a year
MANY_TIMES = 3  # with a surcharge up to the principal and one payment made twice, a receipt stays below

IN_FUTURE = "s.received_on > (now() AT TIME ZONE 'Asia/Shanghai')::date"
# The refunds of an employer's year that take more than was paid for it, this file's new receipts included.
OVERDRAWN = """
s.amount < 0 AND NOT EXISTS (SELECT FROM collection_payment o WHERE o.receipt_number = s.receipt_number)
AND (s.employer_id, s.levy_year) IN (
    SELECT m.employer_id, m.levy_year FROM (
        SELECT f.employer_id, f.levy_year, f.amount FROM staged f
        WHERE NOT EXISTS (SELECT FROM collection_payment o WHERE o.receipt_number = f.receipt_number)
        UNION ALL
        SELECT p.employer_id, p.levy_year, p.amount FROM collection_payment p
        WHERE (p.employer_id, p.levy_year) IN (SELECT r.employer_id, r.levy_year FROM staged r WHERE r.amount < 0)
    ) m GROUP BY m.employer_id, m.levy_year HAVING sum(m.amount) < 0
)
"""
# The assessment in force of a row's employer and year, and the day on which the first one was confirmed.
DUE = """(
    SELECT a.payable FROM levy_assessment a JOIN levy_assessmentrun r ON r.id = a.run_id
    LEFT JOIN levy_supersession x ON x.old_id = a.id
    WHERE a.employer_id = s.employer_id AND a.levy_year = s.levy_year AND a.payable IS NOT NULL
      AND r.state IN ('confirmed', 'handed_over') AND x.approved_at IS NULL
    LIMIT 1
)"""
CONFIRMED_ON = """(
    SELECT min((r.confirmed_at AT TIME ZONE 'Asia/Shanghai')::date)
    FROM levy_assessment a JOIN levy_assessmentrun r ON r.id = a.run_id
    WHERE a.employer_id = s.employer_id AND a.levy_year = s.levy_year AND r.state IN ('confirmed', 'handed_over')
)"""
EMPLOYER = "(SELECT e.{column} FROM quota_employer e WHERE e.id = s.employer_id)"


def refused_in_uploads(condition: str, column: str, reason: object, cure: object) -> Check:
    """Refuse the rows of an upload that meet an SQL condition; the operator's command is only told."""

    def check(staging: StagedRows, scope: Scope) -> Iterator[Fault]:
        if scope.is_upload:
            yield from staging.faults_where(condition, column, Refusal(str(reason), str(cure)))

    return check


def payment_match(file: ImportedFile) -> FileSequel:
    """The part below a payments file's report: its payments compared with the amounts due."""
    return FileSequel("collection/_payment_match.html", PaymentMatch(match_lines(file)))


PAYMENTS = Kind(
    name="payments",
    label=_("入库缴费"),
    permission=Permission.LOAD_TAX_FILES,
    model=Payment,
    columns=(
        Column("电子税票号码", cells.receipt_number, ("receipt_number text",), _("40位以内，文本")),
        employer_column(),
        levy_year,
        Column(
            "实缴金额",
            cells.number_between(-MAX_YUAN, MAX_YUAN, places=2),
            ("amount numeric",),
            _("元，至多2位小数；退费为负数"),
        ),
        Column("入库日期", cells.day, ("received_on date",), _("日期，如2026-11-05")),
        Column("预算级次", cells.text_up_to(20), ("budget_level text",), _("20字以内")),
    ),
    key=("receipt_number",),
    body=("employer_id", "levy_year", "amount", "received_on", "budget_level"),
    constants={"imported_from_id": "%(file)s"},
    followed_by=payment_match,
    # All new receipts, the surprising ones first.
    matters=(
        Matter("unassessed", _("尚未核定就入库%(rows)s笔"), f"t.id IS NULL AND {DUE} IS NULL", ("amount",)),
        Matter(
            "early", _("入库早于核定%(rows)s笔"), f"t.id IS NULL AND s.received_on < {CONFIRMED_ON}", ("received_on",)
        ),
        Matter(
            "large",
            _("金额超过应缴费额3倍%(rows)s笔"),
            f"t.id IS NULL AND s.amount > {MANY_TIMES} * {DUE}",
            ("amount",),
        ),
        Matter("refunded", _("退费%(rows)s笔"), "t.id IS NULL AND s.amount < 0", ("amount",), "s.amount"),
        Matter("received", _("缴费%(rows)s笔"), "t.id IS NULL AND s.amount > 0", ("amount",), "s.amount"),
    ),
    subject=(
        ("电子税票号码", "s.receipt_number"),
        ("统一社会信用代码", EMPLOYER.format(column="uscc")),
        ("单位名称", EMPLOYER.format(column="name")),
        ("费款所属年度", "s.levy_year"),
        ("入库日期", "s.received_on"),
    ),
    control=Control("amount", _("国库对账总额"), (_("缴费笔数"), _("缴费合计"), _("退费合计"))),
    checks=(
        checks.not_zero("amount"),
        checks.stored_rows_stand(
            "receipt_number",
            _("这张税票已经入库，内容与本行不同；本行未写入。"),
            _("请与税务部门核对税票；退费用新的税票号码和负数金额。"),
        ),
        refused_in_uploads(IN_FUTURE, "received_on", _("入库日期晚于今天。"), _("请与国库核对日期。")),
        refused_in_uploads(
            "s.received_on < make_date(s.levy_year, 1, 1)",
            "received_on",
            _("入库日期早于费款所属年度。"),
            _("请核对日期和年度。"),
        ),
        refused_in_uploads(
            f"abs(s.amount) >= {LARGEST_RECEIPT}",
            "amount",
            _("单张税票的金额超出合理范围。"),
            _("请与国库核对金额。"),
        ),
        # Last, so that it counts no payment that another check has refused.
        refused_in_uploads(
            OVERDRAWN,
            "amount",
            _("退费超过该单位该费款所属年度已缴的金额。"),
            _("请核对单位、年度和金额；须先导入所退的缴费。"),
        ),
    ),
    remarks=(
        (IN_FUTURE, _("入库日期晚于今天")),
        (OVERDRAWN, _("退费超过该单位该费款所属年度已缴的金额")),
    ),
)

FILE_KINDS = (PAYMENTS,)
