"""The treasury's payments as an exchange file."""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from collection.models import Payment
from collection.queries.payment_match import PaymentMatch, match_lines
from exchange.engine import cells, checks
from exchange.engine.contract import Column, FileSequel, Kind
from exchange.models import ImportedFile
from quota.kinds.columns import employer_column, levy_year
from quota.models.employers import MAX_YUAN


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
    checks=(
        checks.not_zero("amount"),
        checks.stored_rows_stand(
            "receipt_number",
            _("这张税票已经入库，内容与本行不同；本行未写入。"),
            _("请与税务部门核对税票；退费用新的税票号码和负数金额。"),
        ),
    ),
)

FILE_KINDS = (PAYMENTS,)
