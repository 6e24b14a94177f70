"""Everything that changes regions, people and the ways in."""

from accounts.services.people import appoint, create_officer
from accounts.services.regions import RegionChanges, load_regions

__all__ = ["RegionChanges", "appoint", "create_officer", "load_regions"]
