"""Readers of this app's own cells: people, certificates, regional numbers."""

from decimal import Decimal
from functools import partial

from accounts.identity import encrypt, former_look_up_key, look_up_key
from design.law_words import official_words
from exchange.engine.cells import decimal, identifier, shown, whole
from exchange.engine.faults import Cell
from law import identifiers
from law.codes import CertificateKind
from quota.enums import NumberKind


def person_keys(cell: Cell) -> tuple[str, str | None]:
    """The look-up keys of an identity number, where no task needs the number itself."""
    return _keys(identifier(cell, identifiers.check_identity_number))


def person_and_number(cell: Cell) -> tuple[str | None, ...]:
    """Look-up keys and encrypted identity number."""
    number = identifier(cell, identifiers.check_identity_number)
    return *_keys(number), _bytea(encrypt(number))


def worker(cell: Cell) -> tuple[str | None, ...]:
    """Look-up keys, encrypted identity number, date of birth, and true if the person is a woman."""
    number = identifier(cell, identifiers.check_identity_number)
    born, female = identifiers.birth_date(number), identifiers.is_female(number)
    return *_keys(number), _bytea(encrypt(number)), born.isoformat(), "t" if female else "f"


def certificate_and_number(kind: Cell, holder: Cell, cell: Cell) -> tuple[str | None, ...]:
    """Look-up keys and encrypted number of a certificate of a 证件类型, and true if it names another holder."""
    held = _certificate_kind(kind)
    number = identifier(cell, partial(identifiers.check_certificate_number, held))
    named = number[:18] if held == CertificateKind.DISABLED_PERSON else ""
    names_another = bool(named) and named != shown(holder).strip().upper()
    return *_keys(number), _bytea(encrypt(number)), "t" if names_another else "f"


def level(kind: Cell, cell: Cell) -> str:
    """残疾等级: 1 to 4 of a 残疾人证, 1 to 10 of a 残疾军人证."""
    return whole(cell, low=1, high=4 if _certificate_kind(kind) == CertificateKind.DISABLED_PERSON else 10)


def _certificate_kind(kind: Cell) -> str:
    return _CERTIFICATE_KINDS.get(kind.strip() if isinstance(kind, str) else "", "")


def _keys(number: str) -> tuple[str, str | None]:
    """The number's present key, and the one before while the secret key is being renewed."""
    former = former_look_up_key(number)
    return look_up_key(number).hex, former.hex if former else None


def _bytea(value: bytes) -> str:
    return f"\\x{value.hex()}"


_CERTIFICATE_KINDS = {word: code for code, word in official_words(CertificateKind).items()}


def regional_number(kind: Cell, cell: Cell) -> str:
    """数值 of a 参数: a share for the ratio, yuan for the wages, within the limits of the law and the database."""
    if isinstance(kind, str) and kind.strip() == official_words(NumberKind)[NumberKind.REQUIRED_RATIO]:
        # 条例第八条: at least 1.5 %.
        return decimal(cell, low=Decimal("0.015"), high=Decimal("0.25"), places=6)
    return decimal(cell, low=Decimal(1), high=Decimal(10_000_000), places=2)
