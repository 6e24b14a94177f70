"""Regions and people."""

import factory
from factory.django import DjangoModelFactory

from accounts.models import Appointment, Region, User
from accounts.permissions import Role


class RegionFactory(DjangoModelFactory):
    """The code sets the level."""

    class Meta:
        model = Region
        django_get_or_create = ("code",)

    code = "140105"
    name = factory.LazyAttribute(lambda region: f"地区{region.code}")

    @factory.lazy_attribute
    def level(self) -> int:
        if self.code.endswith("0000"):
            return Region.Level.PROVINCE
        return Region.Level.PREFECTURE if self.code.endswith("00") else Region.Level.COUNTY


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"person{n}")
    name = factory.Sequence(lambda n: f"人员{n}")
    personnel_number = factory.Sequence(lambda n: f"TEST-{n}")


def officer(role: Role, region_code: str) -> User:
    """A new person with an appointment in a region."""
    user = UserFactory()
    Appointment.objects.create(user=user, role=role, region=RegionFactory(code=region_code))
    return user


PASSWORD = "秋天的第一杯奶茶-2026"


def with_password(user: User, password: str = PASSWORD) -> User:
    """The person, able to sign in."""
    user.set_password(password)
    user.save(update_fields=["password"])
    return user
