"""Regions, people, their appointments, and their access."""

from accounts.models.access import Attempts, OutsideIdentity, RecoveryCode, SecondFactor, Session
from accounts.models.people import Appointment, User
from accounts.models.regions import Region, region_level, region_prefix

__all__ = [
    "Appointment",
    "Attempts",
    "OutsideIdentity",
    "RecoveryCode",
    "Region",
    "SecondFactor",
    "Session",
    "User",
    "region_level",
    "region_prefix",
]
