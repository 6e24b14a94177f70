"""Administration pages of files: those already read, and the reading of small sheets."""

from django.contrib import admin
from django.forms import Form
from django.utils.translation import gettext as _
from import_export.admin import ImportExportMixin
from import_export.formats.base_formats import CSV, Format
from import_export.tmp_storages import CacheStorage

from accounts.frame.administration import LookingOnly
from audit.errors import DomainError
from exchange.errors import FileRefused
from exchange.models import ImportedFile
from exchange.sheets import format_of


class PreviewStorage(CacheStorage):
    """Keeps a sheet until its confirmation: for a day, in memory, never on disk."""

    def read(self) -> bytes:
        content = super().read()
        if content is None:
            raise FileRefused(_("预览已过期，请重新选择文件。"))
        return content


class ReadsSheets(ImportExportMixin):
    """The pages of a model that reads small sheets, with a preview. Its one Resource names the kind."""

    export_formats: list[type[Format]] = [CSV]
    tmp_storage_class = PreviewStorage

    def get_import_formats(self) -> list[type[Format]]:
        return [format_of(resource.file_kind) for resource in self.resource_classes]

    def add_data_read_fail_error_to_form(self, form: Form, e: Exception) -> None:
        if not isinstance(e, DomainError):
            raise e
        form.add_error("import_file", str(e.message))


@admin.register(ImportedFile)
class ImportedFileAdmin(LookingOnly, admin.ModelAdmin):
    list_display = ["name", "kind", "state", "read_rows", "fault_count", "loaded_by", "created_at"]
    list_filter = ["kind", "state"]
    list_select_related = ["loaded_by"]
    exclude = [
        "stored",
        "stored_bytes",
        "fault_book",
        "faults",
        "change_list",
        "matters",
        "changes",
        "totals",
        "control",
    ]
