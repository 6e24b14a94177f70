"""Finds people and regions by the names that commands take."""

from django.core.management.base import CommandError

from accounts.models import Region, User


def named_user(username: str) -> User:
    """The person of this sign-in name. Raises CommandError."""
    person = User.objects.filter(username=username).first()
    if person is None:
        raise CommandError(f"没有名为“{username}”的人员。请先用 create_officer 建立。")
    return person


def named_region(code: str) -> Region:
    """The division of this six-digit code. Raises CommandError."""
    place = Region.objects.filter(code=code).first()
    if place is None:
        raise CommandError(f"没有行政区划 {code}。请用6位代码，例如140000。")
    return place
