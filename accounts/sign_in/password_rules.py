"""Password rules beyond Django's own, and first passwords that people can read aloud."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from design import document_codes as codes

LONGEST = 256  # characters: far above the 64 that ASVS 6.2.9 requires, and still quick to hash
KINDS = 3


def issued_password() -> str:
    """16 characters without look-alikes, in groups of four: 74 bits, easy to read on paper and aloud."""
    return "-".join(codes.grouped(codes.new_code()).split())


def rules_in_words() -> str:
    """The rules for a new password, shown above the form."""
    told = [_("至少12个字符，越长越好，可以由几个互不相干的词组成；不能是常见密码，不能与用户名或姓名相近。")]
    if settings.PASSWORD_RULES == "mlps":
        told.append(MixedCharactersValidator().get_help_text())
    return "".join(map(str, told))


class MixedCharactersValidator:
    """Three of four kinds: capitals, small letters, digits, others (GB/T 22239-2019, 8.1.4.1 a, as it is assessed)."""

    def validate(self, password: str, user: object = None) -> None:
        others = any(not (character.isascii() and character.isalnum()) for character in password)
        kinds = [str.isupper, str.islower, str.isdigit]
        if sum(any(map(kind, password)) for kind in kinds) + others < KINDS:
            raise ValidationError(self.get_help_text(), code="password_not_mixed")

    def get_help_text(self) -> str:
        return str(_("密码应包含大写字母、小写字母、数字、其他符号中的至少三种。"))
