"""The kinds of exchange file that this app stores. Payments are in collection.kinds.

The headings are the contract of docs/formats.md; a column added here is read, checked, written and documented.
"""

from quota.kinds.filings import DISPATCH_AGREEMENTS, PLACEMENTS, RETURNS
from quota.kinds.registers import CERTIFICATES, EMPLOYERS, INSURANCE, PARAMETERS, WAGES

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
