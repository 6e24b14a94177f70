"""The secret of a new authenticator app until its first code: sealed in the session under the person's number, never
in the page's address, removed once the app is registered."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.sealing import seal, unseal
from accounts.sign_in import totp
from design.qr import qr_path

DRAFT = "new_app_of"
PURPOSE = b"levy second factor being set up"
GROUP = 4


@dataclass(frozen=True, slots=True)
class NewApp:
    """The page's contents: a QR code, and the same secret to type."""

    secret: str
    account: str

    @property
    def qr(self) -> tuple[int, str]:
        return qr_path(totp.enrolment_address(self.secret, account=self.account, issuer=_("残疾人就业保障金征管服务")))

    @property
    def typed(self) -> str:
        return " ".join(self.secret[start : start + GROUP] for start in range(0, len(self.secret), GROUP))


def draft_of_new_app(request: HttpRequest, person: User) -> NewApp:
    """The same secret each time the page is shown, so that a wrong code needs no new scan. The next person at this
    browser gets a new one."""
    stored = request.session.get(DRAFT, {}).get(str(person.pk))
    if stored is None:
        stored = seal(totp.new_secret(), PURPOSE).hex()
        request.session[DRAFT] = {str(person.pk): stored}
    return NewApp(secret=unseal(bytes.fromhex(stored), PURPOSE), account=person.username)


def forget_draft(request: HttpRequest) -> None:
    request.session.pop(DRAFT, None)
