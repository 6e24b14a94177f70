"""Files of the registers and the rules: parameters, employers, certificates, insurance and wages."""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from exchange.engine import cells, checks
from exchange.engine.contract import Column, Kind, Matter, column_changes
from law.codes import CertificateKind, CertificateState, EntityType
from quota.enums import NumberKind
from quota.kinds import certificates, readers
from quota.kinds.columns import (
    CODE,
    DAY,
    FROM_FILE,
    HOLDER_DIFFERS,
    MAY_BE_EMPTY,
    NAMES_ANOTHER,
    employer_column,
    identity_column,
    month_column,
    person_name,
    region_column,
)
from quota.kinds.row_checks import employer_in_scope
from quota.models import Certificate, Employer, InsuranceMonth, RegionalNumber, WagePayment
from quota.models.employers import MAX_STAFF, MAX_YUAN
from quota.services.person_keys import move_staged

MAX_PAYMENT_TO_A_PERSON = 10**9
TWO_PEOPLE = {"entered_by_id": "%(actor)s", "approved_by_id": "%(second)s"}
PARAMETER_COLUMNS = ("kind", "value", "valid_until", "document_number")

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
        Column("失效日期", cells.ending_day, ("valid_until date",), MAY_BE_EMPTY, required=False),
        Column("文号", cells.text_up_to(80), ("document_number text",), _("80字以内")),
    ),
    key=("region_id", "kind", "valid_from"),
    body=("value", "valid_until", "document_number"),
    constants=TWO_PEOPLE,
    change_constants=TWO_PEOPLE,
    needs_two_people=True,
    matters=(
        Matter("new", _("新增参数%(rows)s条"), "t.id IS NULL", PARAMETER_COLUMNS),
        Matter(
            "changed",
            _("更改参数%(rows)s条"),
            "t.id IS NOT NULL AND ROW(s.value, s.valid_until, s.document_number)"
            " IS DISTINCT FROM ROW(t.value, t.valid_until, t.document_number)",
            PARAMETER_COLUMNS,
        ),
    ),
    subject=(("行政区划代码", "s.region_id"), ("生效日期", "s.valid_from")),
    checks=(checks.dates_in_order("valid_from", "valid_until"), checks.periods_apart),
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
    # What decides whether an employer owes, how much, and to whom. Its name and address do not.
    matters=(
        column_changes("entity_type", _("涉及单位类型变化%(rows)s户")),
        column_changes("region_id", _("涉及行政区划变化%(rows)s户")),
        column_changes("registered_on", _("涉及登记日期变化%(rows)s户")),
        column_changes("registered_staff", _("涉及税务登记职工人数变化%(rows)s户")),
        column_changes("registered_wages", _("涉及税务登记工资总额变化%(rows)s户")),
    ),
    subject=(("统一社会信用代码", "s.uscc"), ("单位名称", "s.name")),
    checks=(employer_in_scope,),
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
            readers.certificate_and_number,
            ("number_key uuid", "number_key_before uuid", "number_encrypted bytea", NAMES_ANOTHER),
            _("残疾人证20位，文本"),
            beside=("证件类型", "身份证号"),
        ),
        person_name,
        identity_column(readers.person_and_number, "identity_encrypted bytea"),
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
        Column("有效期止", cells.ending_day, ("valid_until date",), MAY_BE_EMPTY, required=False),
        Column("状态", cells.one_of(CertificateState), ("state text",), _("有效、注销、冻结")),
    ),
    key=("kind", "number_key"),
    body=("person_key", "name", "category", "level", "valid_from", "valid_until", "state"),
    companions=("number_encrypted", "identity_encrypted"),
    constants=FROM_FILE | {"region_id": "%(region)s"},
    change_constants=FROM_FILE,
    # What decides whether a person counts, how much, and who it is.
    matters=(
        column_changes("level", _("涉及残疾等级变化%(rows)s件")),
        column_changes("state", _("涉及证件状态变化%(rows)s件")),
        column_changes("valid_from", _("涉及有效期起变化%(rows)s件")),
        column_changes("valid_until", _("涉及有效期止变化%(rows)s件")),
        column_changes("name", _("涉及姓名变化%(rows)s件")),
        Matter(
            "person_key",
            _("涉及持证人变化%(rows)s件"),
            "t.id IS NOT NULL AND s.person_key <> t.person_key",
            ("name",),
        ),
    ),
    subject=(("姓名", "s.name"),),
    prepare=move_staged,
    checks=(checks.dates_in_order("valid_from", "valid_until"), certificates.certificates_in_scope),
    lock=certificates.keep_old,
    settle=certificates.tell_offices,
    remarks=(HOLDER_DIFFERS,),
)


def paid(heading: str, staged: str) -> Column:
    return Column(heading, cells.flag, (f"{staged} boolean",), _("1足额缴纳，0未足额"))


INSURANCE = Kind(
    name="insurance",
    label=_("社会保险缴纳"),
    permission=Permission.LOAD_REGISTERS,
    model=InsuranceMonth,
    columns=(
        employer_column(),
        identity_column(readers.person_keys),
        month_column(),
        paid("养老", "pension"),
        paid("医疗", "medical"),
        paid("失业", "unemployment"),
        paid("工伤", "injury"),
    ),
    key=("person_key", "employer_id", "month"),
    body=("pension", "medical", "unemployment", "injury"),
    constants=FROM_FILE,
    change_constants=FROM_FILE,
    prepare=move_staged,
)

WAGES = Kind(
    name="wages",
    label=_("工资发放"),
    permission=Permission.LOAD_REGISTERS,
    model=WagePayment,
    columns=(
        employer_column(),
        identity_column(readers.person_keys),
        month_column(),
        Column(
            "实发工资",
            cells.number_between(0, MAX_PAYMENT_TO_A_PERSON, places=2),
            ("amount numeric",),
            _("元，至多2位小数"),
        ),
    ),
    key=("person_key", "employer_id", "month", "amount", "occurrence"),
    constants=FROM_FILE,
    # Equal payments of a month are told apart by how often they occur in the file.
    source=(
        "SELECT person_key, employer_id, month, amount, generate_series(1, count(*)) AS occurrence"
        " FROM staged GROUP BY person_key, employer_id, month, amount"
    ),
    rows_add_up=True,
    prepare=move_staged,
)
