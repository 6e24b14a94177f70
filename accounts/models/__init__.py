"""Regions, people, their appointments, and their access."""

from accounts.models.access import AccessChange, Attempts, RecoveryCode, SecondFactor, Session
from accounts.models.people import Appointment, User
from accounts.models.regions import Region, region_level, region_prefix

__all__ = [
    "AccessChange",
    "Appointment",
    "Attempts",
    "RecoveryCode",
    "Region",
    "SecondFactor",
    "Session",
    "User",
    "region_level",
    "region_prefix",
]
