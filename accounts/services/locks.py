"""The lock of an account (docs/locks.md)."""

from accounts.models import User


def lock_account(person: User) -> None:
    """Let one transaction at a time change a person's posts and access; held until it ends.

    Take it before you touch the person's sessions, codes, attempts or posts, and before you record anything.
    """
    list(User.objects.select_for_update(of=("self",), no_key=True).filter(pk=person.pk))
