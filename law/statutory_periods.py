"""The periods of this field that a text gives, by name. Periods that only a region sets are settings, not listed here.

Each name tells who acts; the comment above a group tells which of its days are working days. "Not later than" is
meant by all of them: a period that must have passed first, such as that of a reminder, ends on the day given here and
the next step opens on the day after.
"""

from typing import Final

from law.deadlines import LegalPeriod, PeriodUnit

_DAY, _WORKING_DAY = PeriodUnit.DAY, PeriodUnit.WORKING_DAY
_MONTH, _YEAR = PeriodUnit.MONTH, PeriodUnit.YEAR

# 行政复议法第八十八条: 3, 5, 7 and 10 days of that law are working days.
REVIEW_APPLICATION: Final = LegalPeriod(60, _DAY, "行政复议法第二十条第一款")  # from knowing of the act
REVIEW_APPLICATION_UNTOLD: Final = LegalPeriod(1, _YEAR, "行政复议法第二十条第三款")  # the longest, from knowing of it
REVIEW_ACCEPTANCE: Final = LegalPeriod(5, _WORKING_DAY, "行政复议法第三十条第一款")  # from receipt
REVIEW_CALL_FOR_PAPERS: Final = LegalPeriod(5, _WORKING_DAY, "行政复议法第三十一条第一款")  # from receipt
REVIEW_PAPERS: Final = LegalPeriod(10, _WORKING_DAY, "行政复议法第三十一条第二款")  # from receipt of the call
REVIEW_DECISION: Final = LegalPeriod(60, _DAY, "行政复议法第六十二条第一款")  # from acceptance
REVIEW_DECISION_SIMPLE: Final = LegalPeriod(30, _DAY, "行政复议法第六十二条第二款")  # from acceptance

# 行政诉讼法第一百零一条 sends to 民事诉讼法第八十五条: calendar days.
SUIT: Final = LegalPeriod(6, _MONTH, "行政诉讼法第四十六条第一款")  # from knowing of the act
SUIT_AFTER_REVIEW: Final = LegalPeriod(15, _DAY, "行政诉讼法第四十五条")  # from receipt of the review's decision
DELIVERY_BY_PUBLIC_NOTICE: Final = LegalPeriod(30, _DAY, "民事诉讼法第九十五条第一款")  # from issue; then delivered

# 行政处罚法第八十五条: 2, 3, 5 and 7 days of that law are working days. A warning by finance is such a penalty.
PENALTY_DECISION: Final = LegalPeriod(90, _DAY, "行政处罚法第六十条")  # from the filing of the case
PENALTY_DELIVERY: Final = LegalPeriod(7, _WORKING_DAY, "行政处罚法第六十一条第一款")  # from the decision
PENALTY_WITHDRAWAL: Final = LegalPeriod(3, _WORKING_DAY, "行政处罚法第四十八条第二款")  # of a publication
PENALTY_PAYMENT: Final = LegalPeriod(15, _DAY, "行政处罚法第六十七条第三款")  # from receipt of the decision

# 行政强制法第六十九条: periods of that law of up to 10 days are working days.
SURCHARGE_BEFORE_ENFORCEMENT: Final = LegalPeriod(30, _DAY, "行政强制法第四十六条第一款")  # of running surcharge
REMINDER: Final = LegalPeriod(10, _WORKING_DAY, "行政强制法第五十四条")  # from delivery, before the court is asked
ENFORCEMENT_APPLICATION: Final = LegalPeriod(3, _MONTH, "行政强制法第五十三条")  # from the end of review and suit
COURT_ACCEPTANCE: Final = LegalPeriod(5, _WORKING_DAY, "行政强制法第五十六条第一款")
COURT_RULING: Final = LegalPeriod(7, _WORKING_DAY, "行政强制法第五十七条")  # from acceptance
COURT_RULING_AFTER_HEARING: Final = LegalPeriod(30, _DAY, "行政强制法第五十八条第二款")  # from acceptance
COURT_OBJECTION: Final = LegalPeriod(15, _DAY, "行政强制法第五十六条第二款")  # of the authority, to the higher court

# The levy's own texts, publication and audit.
DEFERRAL: Final = LegalPeriod(6, _MONTH, "财税〔2015〕72号第十七条")  # the longest
INFORMATION_PUBLICATION: Final = LegalPeriod(20, _WORKING_DAY, "政府信息公开条例第二十六条")
BUDGET_PUBLICATION: Final = LegalPeriod(20, _DAY, "预算法第十四条")  # from approval
AUDIT_COMMENT: Final = LegalPeriod(10, _DAY, "审计法第四十四条")  # of the audited, from receipt of the draft report
