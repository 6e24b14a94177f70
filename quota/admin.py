"""Administration pages: mostly for looking. Nothing is deleted here, and what the law freezes is not edited."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest
from django.utils.translation import gettext as _
from import_export.admin import ExportMixin, ImportExportMixin
from import_export.formats.base_formats import CSV, Format
from import_export.tmp_storages import CacheStorage

from accounts.permissions import Permission
from audit.errors import DomainError
from exchange.errors import FileRefused
from exchange.models import ImportedFile
from quota.kinds import EMPLOYERS
from quota.models import Employer, RegionalNumber, RegionalSetting
from quota.resources import EmployerResource, EmployersFile, RegionalNumberResource


class LookingOnly:
    """Rows to look at, for whoever holds `permission` somewhere. Stands before the library's mixins: they ask less."""

    permission = Permission.MANAGE_PARAMETERS

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.may_somewhere(self.permission)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).within_right(request.user, self.permission)


class PreviewStorage(CacheStorage):
    """Keeps a sheet until its confirmation: for a day, in memory, never on disk."""

    def read(self) -> bytes:
        content = super().read()
        if content is None:
            raise FileRefused(_("预览已过期，请重新选择文件。"))
        return content


@admin.register(Employer)
class EmployerAdmin(LookingOnly, ImportExportMixin, admin.ModelAdmin):
    """Small sheets of employers may be read in, with a preview; large ones go through the upload page."""

    permission = EMPLOYERS.permission
    resource_classes = [EmployerResource]
    import_formats: list[type[Format]] = [EmployersFile]
    export_formats: list[type[Format]] = [CSV]
    tmp_storage_class = PreviewStorage
    list_display = ["uscc", "name", "region", "entity_type", "status"]
    list_filter = ["entity_type"]
    search_fields = ["name"]  # shows the box; get_search_results does the rest
    list_select_related = ["region"]
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Employer], search_term: str
    ) -> tuple[QuerySet[Employer], bool]:
        return (queryset.search(search_term) if search_term else queryset), False

    def add_data_read_fail_error_to_form(self, form: Form, e: Exception) -> None:
        if not isinstance(e, DomainError):
            raise e
        form.add_error("import_file", str(e.message))


@admin.register(RegionalNumber)
class RegionalNumberAdmin(LookingOnly, ExportMixin, admin.ModelAdmin):
    resource_classes = [RegionalNumberResource]
    export_formats: list[type[Format]] = [CSV]
    list_display = [
        "region",
        "kind",
        "value",
        "valid_from",
        "valid_until",
        "document_number",
        "entered_by",
        "approved_by",
    ]
    list_filter = ["kind"]
    list_select_related = ["region", "entered_by", "approved_by"]


@admin.register(RegionalSetting)
class RegionalSettingAdmin(LookingOnly, admin.ModelAdmin):
    list_display = ["region", "name", "value", "valid_from", "valid_until", "document_number"]
    list_filter = ["name"]
    list_select_related = ["region"]


@admin.register(ImportedFile)
class ImportedFileAdmin(LookingOnly, admin.ModelAdmin):
    list_display = ["name", "kind", "state", "read_rows", "fault_count", "loaded_by", "created_at"]
    list_filter = ["kind", "state"]
    list_select_related = ["loaded_by"]
    exclude = ["stored", "fault_book", "faults"]
