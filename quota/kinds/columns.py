"""Columns that several kinds of file share."""

from django.utils.translation import gettext_lazy as _

from exchange.engine import cells
from exchange.engine.contract import Column, Resolver
from exchange.engine.lookups import resolved_regions
from law.codes import CertificateKind
from quota.kinds import lookups
from quota.models.returns import FIRST_LEVY_YEAR, LAST_LEVY_YEAR

CODE, DAY, MAY_BE_EMPTY = _("18位，文本"), _("日期，如2025-07-01"), _("日期，可空")

levy_year = Column(
    "费款所属年度", cells.year_between(FIRST_LEVY_YEAR, LAST_LEVY_YEAR), ("levy_year smallint",), _("如2025")
)
certificate_kind = Column(
    "证件类型", cells.one_of(CertificateKind), ("certificate_kind text",), _("残疾人证、残疾军人证")
)
person_name = Column("姓名", cells.text_up_to(60), ("name text",), _("60字以内"))


def employer_column(
    heading: str = "统一社会信用代码", staged: str = "employer_id", resolve: Resolver = lookups.employers
) -> Column:
    return Column(heading, cells.credit_code, (f"{staged} bigint",), CODE, resolve=resolve)


def region_column() -> Column:
    return Column("行政区划代码", cells.region_code, ("region_id text",), _("6位"), resolve=resolved_regions)


def identity_column(read: cells.Reader, *more: str) -> Column:
    return Column("身份证号", read, ("person_key uuid", "person_key_before uuid", *more), CODE)


def month_column() -> Column:
    return Column("所属月份", cells.month, ("month date",), _("月份，如2025-07"))


NAMES_ANOTHER = "names_another boolean"
HOLDER_DIFFERS = ("s.names_another", _("残疾人证号的前18位与身份证号不同，请核对是否填错人"))
# Each stored row remembers the file that brought its present contents.
FROM_FILE = {"file_id": "%(file)s"}
