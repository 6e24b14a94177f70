"""Employers, their returns, the registers' data, and the federation's decisions."""

from exchange.models import ImportedFile
from quota.models.employers import Employer, Membership
from quota.models.parameters import RegionalNumber, RegionalSetting
from quota.models.registers import Certificate, DispatchAgreement, InsuranceMonth, RenewedKey, WagePayment
from quota.models.returns import CertificateTry, DraftPlacement, HeadcountReturn, Placement
from quota.models.verification import (
    CertificateChange,
    DispatchTransfer,
    HeadcountSeries,
    PlacementCheck,
    VerifiedHeadcount,
)

__all__ = [
    "Certificate",
    "CertificateChange",
    "CertificateTry",
    "DispatchAgreement",
    "DispatchTransfer",
    "DraftPlacement",
    "Employer",
    "HeadcountReturn",
    "HeadcountSeries",
    "ImportedFile",
    "InsuranceMonth",
    "Membership",
    "Placement",
    "PlacementCheck",
    "RegionalNumber",
    "RegionalSetting",
    "RenewedKey",
    "VerifiedHeadcount",
    "WagePayment",
]
