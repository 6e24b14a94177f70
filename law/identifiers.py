"""Codes of employers, people, certificates and regions: their shape and check digits.

Surrounding blanks are dropped, ASCII letters upper-cased and full-width digits narrowed; nothing else is repaired.
Every check returns the code to store or raises IdentifierError, whose message says what is wrong and what to do.
"""

import re
from datetime import date
from operator import mul

from law.words import Words as _

_NARROW = str.maketrans(
    "０１２３４５６７８９abcdefghijklmnopqrstuvwxyz",
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
)

_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_VALUE = {character: value for value, character in enumerate(_USCC_ALPHABET)}
_USCC_WEIGHTS = tuple(3**position % 31 for position in range(17))
# Registration department (never 0) and entity class, six digits of area, organisation code, check character.
_USCC_SHAPE = re.compile(r"[1-9A-HJ-NPQRTUWXY][0-9A-HJ-NPQRTUWXY][0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")

_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_IDENTITY_CHECKS = "10X98765432"
_IDENTITY_SHAPE = re.compile(r"[0-9]{6}(?:19|20)[0-9]{2}[0-9]{7}[0-9X]")

_DISABILITY_SHAPE = re.compile(r"([0-9]{17}[0-9X])[1-7][1-4](?:B[1-9])?")
_IDENTITY_LENGTH = 18
_SOLDIER_MAX = 40

_REGION_SHAPE = re.compile(r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|81|82)(?:0000|(?!00)[0-9]{4})")

# 1.40213E+17 or 140213199001010010.0; a lone E is a character of credit codes.
_SPREADSHEET_FLOAT = re.compile(r"[0-9]+(?:\.[0-9]+)?E\+[0-9]+|[0-9]+\.[0-9]*")


class IdentifierError(ValueError):
    """A code that cannot be right. Its one argument is Words that name cause and cure."""


def check_uscc(text: str) -> str:
    """统一社会信用代码, 18 characters with a check character (GB 32100-2015)."""
    code = _normalised(text)
    if not _USCC_SHAPE.fullmatch(code):
        _refuse_spoiled(code, _("统一社会信用代码"))
        raise IdentifierError(_("统一社会信用代码应为18位数字和大写字母（不含I、O、S、V、Z），请对照登记证照填写。"))
    total = sum(map(mul, map(_USCC_VALUE.__getitem__, code[:17]), _USCC_WEIGHTS))
    if code[17] != _USCC_ALPHABET[-total % 31]:
        raise IdentifierError(_("统一社会信用代码的校验码不符，可能有一位写错，请对照登记证照核对。"))
    return code


def check_identity_number(text: str) -> str:
    """公民身份号码, 18 characters: date of birth and check digit (GB 11643-1999). Old area codes are not refused."""
    number = _normalised(text)
    if not _IDENTITY_SHAPE.fullmatch(number):
        _refuse_spoiled(number, _("身份证号"))
        raise IdentifierError(_("身份证号应为18位：17位数字加1位数字或X，请对照身份证填写。"))
    try:
        birth_date(number)
    except ValueError:
        raise IdentifierError(_("身份证号中的出生日期不存在，请对照身份证核对第7至14位。")) from None
    total = sum(map(mul, map(int, number[:17]), _IDENTITY_WEIGHTS))
    if number[17] != _IDENTITY_CHECKS[total % 11]:
        raise IdentifierError(_("身份证号的校验码不符，可能有一位写错，请对照身份证核对。"))
    return number


def check_certificate_number(kind: str, text: str) -> str:
    """证件号码. 残疾人证 (`disabled_person`): identity number, category 1–7, level 1–4, after a reissue B1 to B9.

    残疾军人证 (`disabled_soldier`) has a number of its own: 1 to 40 printable characters.
    """
    if kind == "disabled_person":
        return _check_disability_number(_normalised(text))
    if kind == "disabled_soldier":
        return _check_soldier_number(_normalised(text))
    raise IdentifierError(_("证件类型应为残疾人证或残疾军人证，请更正后再填证件号码。"))


def _check_disability_number(number: str) -> str:
    shape = _DISABILITY_SHAPE.fullmatch(number)
    if not shape:
        _refuse_spoiled(number, _("残疾人证号"))
        raise IdentifierError(
            _("残疾人证号应为20位：身份证号、类别（1至7）、等级（1至4）；换领的另加B和次数。请对照证件填写。")
        )
    try:
        check_identity_number(shape[1])
    except IdentifierError as error:
        raise IdentifierError(_("残疾人证号前18位有误：%(error)s", error=error.args[0])) from None
    return number


def _check_soldier_number(number: str) -> str:
    _refuse_spoiled(number, _("残疾军人证号"))
    if len(number) > _SOLDIER_MAX or not number.isprintable():
        raise IdentifierError(_("残疾军人证号应为1至40个字符，请对照证件填写。"))
    return number


def check_region_code(text: str) -> str:
    """行政区划代码, six digits (GB/T 2260): a known province, and no county without its prefecture."""
    code = _normalised(text)
    if not _REGION_SHAPE.fullmatch(code):
        _refuse_spoiled(code, _("行政区划代码"))
        raise IdentifierError(_("行政区划代码应为6位数字，前两位为省级代码，如140105，请对照GB/T 2260填写。"))
    return code


def birth_date(identity: str) -> date:
    """Date of birth in a checked identity number."""
    return date(int(identity[6:10]), int(identity[10:12]), int(identity[12:14]))


def is_female(identity: str) -> bool:
    """Sex in a checked identity number: the 17th digit is even for women."""
    return int(identity[16]) % 2 == 0


def stated_level(certificate: str) -> int:
    """残疾等级 in a checked 残疾人证 number: its twentieth digit. The register's level may differ, and rules."""
    return int(certificate[_IDENTITY_LENGTH + 1])


def mask_identity(text: str) -> str:
    """An identity or 残疾人证 number for display: of the identity number the first three and the last two characters
    (前3后2); shorter texts, and a certificate's category and level, wholly as stars.

    Who knows the age keeps some 3,000 numbers for each county, not 33. Name and mask tell two people of a list apart.
    """
    if len(text) < _IDENTITY_LENGTH:
        return "*" * len(text)
    return f"{text[:3]}{'*' * 13}{text[16:18]}{'*' * (len(text) - _IDENTITY_LENGTH)}"


def _normalised(text: str) -> str:
    return text.strip().translate(_NARROW)


def _refuse_spoiled(code: str, name: str) -> None:
    """Raises IdentifierError for a code that is not there, or that a spreadsheet took for a number."""
    if not code:
        raise IdentifierError(_("%(name)s为空，请补填。", name=name))
    if _SPREADSHEET_FLOAT.fullmatch(code):
        raise IdentifierError(
            _("%(name)s已被表格软件改成小数或科学计数，末几位已丢失；请把该列设为文本后重新填写。", name=name)
        )
