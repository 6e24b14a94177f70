"""Refusals of this app that a user can act on."""

from django.utils.translation import gettext_lazy as _

from audit.errors import DomainError


class FileRefused(DomainError):
    """The file as a whole cannot be read: wrong kind, too large, headings missing."""

    code = "file_refused"
    message = _("文件不能读取。")


class ReturnChanged(DomainError):
    """Somebody else saved the return in the meantime (promise A8)."""

    code = "return_changed"
    message = _("本申报刚被他人修改，请核对最新内容后重新提交。您填写的内容仍保留在页面上。")
