"""The parts of an address that have a fixed form."""

from law.policy import POLICY_YEARS


class RegionCode:
    """Six digits of GB/T 2260."""

    regex = "[1-9][0-9]{5}"

    def to_python(self, text: str) -> str:
        return text

    def to_url(self, code: str) -> str:
        return code


class CreditCode(RegionCode):
    """Eighteen characters of GB 32100."""

    regex = "[0-9A-HJ-NPQRTUWXY]{18}"


class LevyYear:
    """A year that the policy lists."""

    regex = "[0-9]{4}"

    def to_python(self, text: str) -> int:
        if int(text) not in POLICY_YEARS:
            raise ValueError(text)
        return int(text)

    def to_url(self, year: int) -> str:
        return f"{year:04d}"
