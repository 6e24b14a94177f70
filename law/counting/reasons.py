"""The reasons for which a person-month counts or not: one per test, with its Chinese label and its source."""

from enum import IntEnum
from typing import NamedTuple

from law.words import Words as _

HEADCOUNT = "财税〔2015〕72号第七条第一款"
CERTIFICATES = "财税〔2015〕72号第四条"
FILING = "财税〔2015〕72号第十二条"
VALIDITY = "残联厅函〔2022〕63号（二）"
BY_MONTH = "残联厅函〔2022〕63号（四）"
ONE_EMPLOYER = "残联厅函〔2022〕63号（三）"


class Reason(IntEnum):
    """The first test that a month failed; 0 is a month that counts.

    The numbers are stored: never renumber, only add. `place` gives the order in which the tests are made.
    """

    COUNTED = 0
    OUTSIDE_CONTRACT = 1
    NO_RETURN = 2
    RETURN_LATE = 3
    CERTIFICATE_UNKNOWN = 4
    CERTIFICATE_CANCELLED = 5
    CERTIFICATE_FROZEN = 6
    CERTIFICATE_NOT_YET_VALID = 7
    CERTIFICATE_EXPIRED = 8
    LEVEL_NOT_ELIGIBLE = 9
    CONTRACT_TOO_SHORT = 10
    BELOW_EMPLOYMENT_AGE = 11
    ABOVE_EMPLOYMENT_AGE = 12
    WAGE_NO_DATA = 13
    MINIMUM_WAGE_UNKNOWN = 14
    WAGE_BELOW_MINIMUM = 15
    INSURANCE_NO_DATA = 16
    INSURANCE_INCOMPLETE = 17
    COUNTED_IN_ANOTHER_ROW = 18
    TWO_EMPLOYERS = 19
    NOT_CLAIMED = 20
    CERTIFICATE_OTHER_NAME = 21

    @property
    def label(self) -> str:
        """A few Chinese words for the month's cell."""
        return _TEXTS[self].label

    @property
    def citation(self) -> str:
        """The article the test rests on."""
        return _TEXTS[self].citation

    @property
    def place(self) -> int:
        """The place of the test among all: a month that fails a later one came further."""
        return _ORDER.index(self)

    @property
    def is_lack_of_data(self) -> bool:
        """Nothing is known against the month: evidence is missing and may still be handed in."""
        return self in _LACK_OF_DATA


class _Text(NamedTuple):
    label: str
    citation: str


_TEXTS = {
    Reason.COUNTED: _Text(_("计入"), HEADCOUNT),
    Reason.OUTSIDE_CONTRACT: _Text(_("不在合同期内"), HEADCOUNT),
    Reason.NO_RETURN: _Text(_("单位未申报，视为未安排"), FILING),
    Reason.RETURN_LATE: _Text(_("单位逾期申报，视为未安排"), FILING),
    Reason.CERTIFICATE_UNKNOWN: _Text(_("证件未在登记库中"), CERTIFICATES),
    Reason.CERTIFICATE_OTHER_NAME: _Text(_("证件登记的姓名不同"), CERTIFICATES),
    Reason.CERTIFICATE_CANCELLED: _Text(_("证件已注销"), CERTIFICATES),
    Reason.CERTIFICATE_FROZEN: _Text(_("证件已冻结"), CERTIFICATES),
    Reason.CERTIFICATE_NOT_YET_VALID: _Text(_("申报日证件尚未生效"), VALIDITY),
    Reason.CERTIFICATE_EXPIRED: _Text(_("申报日证件已过有效期"), VALIDITY),
    Reason.LEVEL_NOT_ELIGIBLE: _Text(_("残疾等级不在计入范围"), CERTIFICATES),
    Reason.CONTRACT_TOO_SHORT: _Text(_("劳动合同不满1年"), HEADCOUNT),
    Reason.BELOW_EMPLOYMENT_AGE: _Text(_("未满就业年龄"), HEADCOUNT),
    Reason.ABOVE_EMPLOYMENT_AGE: _Text(_("超过就业年龄"), HEADCOUNT),
    Reason.WAGE_NO_DATA: _Text(_("无工资记录"), HEADCOUNT),
    Reason.MINIMUM_WAGE_UNKNOWN: _Text(_("当地最低工资标准未登记"), HEADCOUNT),
    Reason.WAGE_BELOW_MINIMUM: _Text(_("工资低于最低工资标准"), HEADCOUNT),
    Reason.INSURANCE_NO_DATA: _Text(_("无社会保险记录"), HEADCOUNT),
    Reason.INSURANCE_INCOMPLETE: _Text(_("社会保险未足额缴纳"), HEADCOUNT),
    Reason.COUNTED_IN_ANOTHER_ROW: _Text(_("本单位另一条申报已计入"), BY_MONTH),
    Reason.TWO_EMPLOYERS: _Text(_("两个单位申报同一人同一月，待认定"), ONE_EMPLOYER),
    Reason.NOT_CLAIMED: _Text(_("未申报"), BY_MONTH),
}

_ORDER = tuple(_TEXTS)
_LACK_OF_DATA = frozenset({Reason.WAGE_NO_DATA, Reason.MINIMUM_WAGE_UNKNOWN, Reason.INSURANCE_NO_DATA})
