"""Files of what employers file: returns, the people they claim, dispatch agreements."""

from django.utils.translation import gettext_lazy as _

from accounts.permissions import Permission
from exchange.engine import cells, checks
from exchange.engine.contract import Column, Kind
from law.codes import EmploymentForm
from quota.enums import CountsAt
from quota.kinds import lookups, readers, returns
from quota.kinds.columns import (
    DAY,
    FROM_FILE,
    HOLDER_DIFFERS,
    NAMES_ANOTHER,
    certificate_kind,
    employer_column,
    identity_column,
    levy_year,
    person_name,
)
from quota.kinds.row_checks import one_host_a_month, two_employers
from quota.models import DispatchAgreement, HeadcountReturn, Placement
from quota.models.employers import MAX_STAFF, MAX_YUAN
from quota.services.person_keys import hold_staged, move_staged

MONTHS = range(1, 13)

RETURNS = Kind(
    name="returns",
    label=_("年度申报"),
    permission=Permission.LOAD_FILINGS,
    model=HeadcountReturn,
    columns=(
        employer_column(),
        levy_year,
        Column("申报日期", returns.filing_day, ("filed_on date", "is_back_dated boolean"), DAY),
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
    matters=(returns.LATE_BUT_TIMELY,),
    subject=(("统一社会信用代码", returns.USCC), ("单位名称", returns.NAME), ("费款所属年度", "s.levy_year")),
    checks=(returns.days_of_upload, returns.decided_returns_stand),
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
            readers.certificate_and_number,
            ("certificate_key uuid", "certificate_key_before uuid", "certificate_encrypted bytea", NAMES_ANOTHER),
            _("残疾人证20位，文本"),
            beside=("证件类型", "身份证号"),
        ),
        Column("用工形式", cells.one_of(EmploymentForm), ("form text",), _("在编、劳动合同、劳务派遣")),
        Column("合同开始", cells.day, ("contract_start date",), DAY),
        Column("合同结束", cells.ending_day, ("contract_end date",), _("日期，无固定期限的留空"), required=False),
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
    constants=FROM_FILE,
    change_constants=FROM_FILE | {"is_typed": "false"},
    checks=(checks.dates_in_order("contract_start", "contract_end"), returns.decided_years_stand),
    prepare=move_staged,
    lock=returns.lock,
    settle=returns.settle_people,
    remarks=(HOLDER_DIFFERS,),
)

DISPATCH_AGREEMENTS = Kind(
    name="dispatch_agreements",
    label=_("劳务派遣协议"),
    permission=Permission.LOAD_FILINGS,
    model=DispatchAgreement,
    columns=(
        employer_column("派遣单位信用代码", "agency_id"),
        employer_column("用工单位信用代码", "host_id", lookups.hosts),
        identity_column(readers.person_and_number, "identity_encrypted bytea"),
        Column("协议开始", cells.day, ("starts_on date",), DAY),
        Column("协议结束", cells.ending_day, ("ends_on date",), _("日期，未约定的留空"), required=False),
        Column("计入单位", cells.one_of(CountsAt), ("counts_at text",), _("派遣单位、用工单位")),
    ),
    key=("agency_id", "host_id", "person_key", "starts_on"),
    body=("ends_on", "counts_at"),
    companions=("identity_encrypted",),
    constants=FROM_FILE,
    change_constants=FROM_FILE,
    prepare=move_staged,
    lock=hold_staged,
    release="counts_at = 'agency'",
    checks=(checks.dates_in_order("starts_on", "ends_on"), two_employers, one_host_a_month),
)
