"""Codes for employers: the federation issues one over the counter, the employer replaces it by a password."""

from django.db import transaction

from accounts.errors import NotAnEmployersAccount
from accounts.models import User
from accounts.permissions import Permission, Role
from accounts.services import appoint
from accounts.sign_in import passwords
from audit.errors import PermissionMissing
from quota.models import Employer, Membership


@transaction.atomic
def issue_sign_in_code(*, employer: Employer, actor: User) -> tuple[User, str]:
    """Issue a code for the employer's account, whose user name is its credit code. It can be read only this once.

    The first code creates the account. A later one ends the old password and every session. Raises PermissionMissing,
    and NotAnEmployersAccount if the account is an officer's or disabled.
    """
    if not actor.can(Permission.ISSUE_SIGN_IN_CODES, employer.region_id):
        raise PermissionMissing
    account, _is_new = User.objects.select_for_update(of=("self",), no_key=True).get_or_create(
        username=employer.uscc, defaults={"name": employer.name[:60]}
    )
    if account.is_officer or not account.is_active:
        raise NotAnEmployersAccount
    Membership.objects.get_or_create(user=account, employer=employer)
    appoint(user=account, role=Role.EMPLOYER, region=employer.region, actor=actor)
    return account, passwords.issue_password(person=account, actor=actor)
