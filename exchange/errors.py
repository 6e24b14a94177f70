"""Refusals of an exchange file."""

from django.utils.translation import gettext_lazy as _

from audit.errors import DomainError


class ControlMissing(DomainError):
    """The second person has not typed the other office's totals yet."""

    code = "control_missing"
    message = _("请先录入对账总额，再查看金额和批准。")


class FileRefused(DomainError):
    """The whole file cannot be read: wrong kind, too large, headings missing."""

    code = "file_refused"
    message = _("文件不能读取。")


class StorageFull(DomainError):
    """A person or an office has too many uploads that nobody has written."""

    code = "storage_full"
    message = _("已上传而未写入的文件过多，请先写入或撤回。")
