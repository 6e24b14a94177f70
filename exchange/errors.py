"""Refusals of an exchange file."""

from django.utils.translation import gettext_lazy as _

from audit.errors import DomainError


class FileRefused(DomainError):
    """The whole file cannot be read: wrong kind, too large, headings missing."""

    code = "file_refused"
    message = _("文件不能读取。")
