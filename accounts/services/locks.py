"""The lock of an account (docs/locks.md)."""

from accounts.models import User


def lock_account(person: User) -> None:
    """One at a time changes a person's posts and ways in, until the end of the transaction.

    Take it before sessions, codes, counted tries or posts of the person are touched and before anything is recorded.
    """
    list(User.objects.select_for_update(of=("self",), no_key=True).filter(pk=person.pk))
