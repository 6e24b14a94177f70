"""The kinds of exchange file that this app stores. Payments are in collection.kinds.

The headings are the contract of docs/formats.md; a column added here is read, checked, written and documented.
"""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from exchange.engine import cells, checks
from exchange.engine.contract import Column, Kind, Resolver
from exchange.engine.lookups import regions
from law.codes import CertificateKind, CertificateState, EmploymentForm, EntityType
from quota.enums import CountsAt, NumberKind
from quota.kinds import lookups, readers, returns
from quota.kinds.row_checks import employer_in_scope, one_host_a_month, two_employers
from quota.models import (
    Certificate,
    DispatchAgreement,
    Employer,
    HeadcountReturn,
    InsuranceMonth,
    Placement,
    RegionalNumber,
    WagePayment,
)
from quota.models.employers import MAX_STAFF, MAX_YUAN
from quota.models.returns import FIRST_LEVY_YEAR, LAST_LEVY_YEAR

MAX_PAYMENT_TO_A_PERSON = 10**9
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
    return Column("行政区划代码", cells.region_code, ("region_id text",), _("6位"), resolve=regions)


def identity_column(read: cells.Reader, *more: str) -> Column:
    return Column("身份证号", read, ("person_key uuid", *more), CODE)


def month_column() -> Column:
    return Column("所属月份", cells.month, ("month date",), _("月份，如2025-07"))


def paid(heading: str, staged: str) -> Column:
    return Column(heading, cells.flag, (f"{staged} boolean",), _("1足额缴纳，0未足额"))


TWO_PEOPLE = {"entered_by_id": "%(actor)s", "approved_by_id": "%(second)s"}
NAMES_ANOTHER = "names_another boolean"
HOLDER_DIFFERS = ("s.names_another", _("残疾人证号的前18位与身份证号不同，请核对是否填错人"))

PARAMETERS = Kind(
    name="parameters",
    label=_("地区参数"),
    permission=Permission.MANAGE_PARAMETERS,
    model=RegionalNumber,
    columns=(
        region_column(),
        Column("参数", cells.one_of(NumberKind), ("kind text",), _("规定比例、社会平均工资、最低工资")),
        Column("数值", readers.regional_number, ("value numeric",), _("比例如0.015，工资以元计"), beside=("参数",)),
        Column("生效日期", cells.day, ("valid_from date",), DAY),
        Column("失效日期", cells.last_day, ("valid_until date",), MAY_BE_EMPTY, required=False),
        Column("文号", cells.text_up_to(80), ("document_number text",), _("80字以内")),
    ),
    key=("region_id", "kind", "valid_from"),
    body=("value", "valid_until", "document_number"),
    constants=TWO_PEOPLE,
    change_constants=TWO_PEOPLE,
    needs_two_people=True,
    checks=(checks.in_order("valid_from", "valid_until"), checks.periods_apart),
)

EMPLOYERS = Kind(
    name="employers",
    label=_("单位名录"),
    permission=Permission.LOAD_TAX_FILES,
    model=Employer,
    columns=(
        Column("统一社会信用代码", cells.credit_code, ("uscc text",), CODE),
        Column("单位名称", cells.text_up_to(200), ("name text",), _("200字以内")),
        region_column(),
        Column(
            "单位类型",
            cells.one_of(EntityType),
            ("entity_type text",),
            _("机关、团体、企业、事业单位、民办非企业单位、个体工商户"),
        ),
        Column("登记日期", cells.day, ("registered_on date",), MAY_BE_EMPTY, required=False),
        Column(
            "编制数",
            cells.whole_between(0, MAX_STAFF),
            ("establishment_posts integer",),
            _("整数，可空"),
            required=False,
        ),
        Column("中小学幼儿园", cells.flag, ("is_school boolean",), _("1是，0否")),
        Column("所有制", cells.text_up_to(20), ("ownership text",), _("20字以内，可空"), required=False, blank=""),
        Column("状态", cells.text_up_to(20), ("status text",), _("20字以内，可空"), required=False, blank=""),
        Column(
            "税务登记职工人数",
            cells.number_between(0, MAX_STAFF, places=4),
            ("registered_staff numeric",),
            _("至多4位小数，可空"),
            required=False,
        ),
        Column(
            "税务登记工资总额",
            cells.number_between(0, MAX_YUAN, places=2),
            ("registered_wages numeric",),
            _("元，至多2位小数，可空"),
            required=False,
        ),
    ),
    key=("uscc",),
    body=(
        "name",
        "region_id",
        "entity_type",
        "registered_on",
        "establishment_posts",
        "is_school",
        "ownership",
        "status",
        "registered_staff",
        "registered_wages",
    ),
    checks=(employer_in_scope,),
)

MONTHS = range(1, 13)
RETURNS = Kind(
    name="returns",
    label=_("年度申报"),
    permission=Permission.LOAD_FILINGS,
    model=HeadcountReturn,
    columns=(
        employer_column(),
        levy_year,
        Column("申报日期", cells.day, ("filed_on date",), DAY),
        *(
            Column(f"{month}月在职职工人数", cells.whole_between(0, MAX_STAFF), (f"m{month} integer",), _("整数"))
            for month in MONTHS
        ),
        Column(
            "在职职工工资总额",
            cells.number_between(0, MAX_YUAN, places=2),
            ("total_wages numeric",),
            _("元，至多2位小数"),
        ),
    ),
    key=("employer_id", "levy_year", "filed_on"),
    body=("staff_by_month", "staff_months", "total_wages"),
    constants=returns.NEW,
    change_constants=returns.CORRECTED,
    source=returns.SOURCE,
    stored_where="t.source = 'file'",
    checks=(returns.decided_returns_stand,),
    lock=returns.lock,
    settle=returns.settle,
)

PLACEMENTS = Kind(
    name="placements",
    label=_("安排残疾人花名册"),
    permission=Permission.LOAD_FILINGS,
    model=Placement,
    columns=(
        employer_column(),
        levy_year,
        person_name,
        identity_column(readers.worker, "identity_encrypted bytea", "born_on date", "is_female boolean"),
        certificate_kind,
        Column(
            "证件号码",
            readers.certificate,
            ("certificate_key uuid", "certificate_encrypted bytea", NAMES_ANOTHER),
            _("残疾人证20位，文本"),
            beside=("证件类型", "身份证号"),
        ),
        Column("用工形式", cells.one_of(EmploymentForm), ("form text",), _("在编、劳动合同、劳务派遣")),
        Column("合同开始", cells.day, ("contract_start date",), DAY),
        Column("合同结束", cells.last_day, ("contract_end date",), _("日期，无固定期限的留空"), required=False),
        Column("岗位", cells.text_up_to(60), ("post text",), _("60字以内，可空"), required=False, blank=""),
    ),
    key=(
        "employer_id",
        "levy_year",
        "person_key",
        "certificate_kind",
        "certificate_key",
        "form",
        "contract_start",
        "contract_end",
    ),
    body=("name", "post"),
    companions=("identity_encrypted", "certificate_encrypted", "born_on", "is_female"),
    checks=(checks.in_order("contract_start", "contract_end"), returns.decided_years_stand),
    lock=returns.lock,
    settle=returns.settle_people,
    remarks=(HOLDER_DIFFERS,),
)

CERTIFICATES = Kind(
    name="certificates",
    label=_("残疾人证件"),
    permission=Permission.LOAD_REGISTERS,
    model=Certificate,
    columns=(
        Column("证件类型", cells.one_of(CertificateKind), ("kind text",), _("残疾人证、残疾军人证")),
        Column(
            "证件号码",
            readers.certificate,
            ("number_key uuid", "number_encrypted bytea", NAMES_ANOTHER),
            _("残疾人证20位，文本"),
            beside=("证件类型", "身份证号"),
        ),
        person_name,
        identity_column(readers.person, "identity_encrypted bytea"),
        Column(
            "残疾类别",
            cells.whole_between(1, 7),
            ("category smallint",),
            _("1至7，残疾军人证可空"),
            required=False,
        ),
        Column(
            "残疾等级", readers.level, ("level smallint",), _("残疾人证1至4，残疾军人证1至10"), beside=("证件类型",)
        ),
        Column("有效期起", cells.day, ("valid_from date",), MAY_BE_EMPTY, required=False),
        Column("有效期止", cells.last_day, ("valid_until date",), MAY_BE_EMPTY, required=False),
        Column("状态", cells.one_of(CertificateState), ("state text",), _("有效、注销、冻结")),
    ),
    key=("kind", "number_key"),
    body=("person_key", "name", "category", "level", "valid_from", "valid_until", "state"),
    companions=("number_encrypted", "identity_encrypted"),
    checks=(checks.in_order("valid_from", "valid_until"),),
    remarks=(HOLDER_DIFFERS,),
)

INSURANCE = Kind(
    name="insurance",
    label=_("社会保险缴纳"),
    permission=Permission.LOAD_REGISTERS,
    model=InsuranceMonth,
    columns=(
        employer_column(),
        identity_column(readers.person_key),
        month_column(),
        paid("养老", "pension"),
        paid("医疗", "medical"),
        paid("失业", "unemployment"),
        paid("工伤", "injury"),
    ),
    key=("person_key", "employer_id", "month"),
    body=("pension", "medical", "unemployment", "injury"),
)

WAGES = Kind(
    name="wages",
    label=_("工资发放"),
    permission=Permission.LOAD_REGISTERS,
    model=WagePayment,
    columns=(
        employer_column(),
        identity_column(readers.person_key),
        month_column(),
        Column(
            "实发工资",
            cells.number_between(0, MAX_PAYMENT_TO_A_PERSON, places=2),
            ("amount numeric",),
            _("元，至多2位小数"),
        ),
    ),
    key=("person_key", "employer_id", "month", "amount", "occurrence"),
    # Number equal payments of a month within the file, to keep them apart.
    source=(
        "SELECT person_key, employer_id, month, amount, generate_series(1, count(*)) AS occurrence"
        " FROM staged GROUP BY person_key, employer_id, month, amount"
    ),
    rows_add_up=True,
)

DISPATCH_AGREEMENTS = Kind(
    name="dispatch_agreements",
    label=_("劳务派遣协议"),
    permission=Permission.LOAD_FILINGS,
    model=DispatchAgreement,
    columns=(
        employer_column("派遣单位信用代码", "agency_id"),
        employer_column("用工单位信用代码", "host_id", lookups.hosts),
        identity_column(readers.person, "identity_encrypted bytea"),
        Column("协议开始", cells.day, ("starts_on date",), DAY),
        Column("协议结束", cells.last_day, ("ends_on date",), _("日期，未约定的留空"), required=False),
        Column("计入单位", cells.one_of(CountsAt), ("counts_at text",), _("派遣单位、用工单位")),
    ),
    key=("agency_id", "host_id", "person_key", "starts_on"),
    body=("ends_on", "counts_at"),
    companions=("identity_encrypted",),
    release="counts_at = 'agency'",
    checks=(checks.in_order("starts_on", "ends_on"), two_employers, one_host_a_month),
)

FILE_KINDS = (
    PARAMETERS,
    EMPLOYERS,
    RETURNS,
    PLACEMENTS,
    CERTIFICATES,
    INSURANCE,
    WAGES,
    DISPATCH_AGREEMENTS,
)
