"""The accounts of people who sign in at another authority: bound by issuer and subject at the first sign-in."""

from django.db import IntegrityError, transaction

from accounts.errors import OidcRefused
from accounts.models import OutsideIdentity, User
from accounts.services.locks import lock_account
from accounts.services.trail import record_of_person
from accounts.sign_in.oidc import Identity


def holder_of(identity: Identity) -> User | None:
    """The account bound to this identity; for an identity that has none, the unbound account with exactly its name."""
    bound = OutsideIdentity.objects.filter(issuer=identity.issuer, subject=identity.subject)
    if bound.exists():
        return User.objects.filter(pk__in=bound.values("user"), is_active=True).first()
    taken = OutsideIdentity.objects.filter(issuer=identity.issuer).values("user")
    return User.objects.filter(username=identity.username, is_active=True).exclude(pk__in=taken).first()


@transaction.atomic
def bind(*, person: User, issuer: str, subject: str) -> None:
    """Bind the identity to the person who has completed the sign-in. Raises OidcRefused if either is bound to
    another."""
    lock_account(person)
    try:
        with transaction.atomic():
            bound, is_new = OutsideIdentity.objects.get_or_create(user=person, issuer=issuer, subject=subject)
    except IntegrityError:
        raise OidcRefused from None
    if is_new:
        record_of_person(action="accounts.user.bind_identity", person=person, actor=person, issuer=bound.issuer)
