"""Administration pages: mostly for looking. Nothing is deleted here, and what the law freezes is not edited."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, Format

from accounts.frame.administration import LookingOnly
from exchange.admin import ReadsSheets
from quota.kinds import EMPLOYERS
from quota.models import Employer, RegionalNumber, RegionalSetting
from quota.resources import EmployerResource, RegionalNumberResource


@admin.register(Employer)
class EmployerAdmin(LookingOnly, ReadsSheets, admin.ModelAdmin):
    """Small sheets of employers may be read in, with a preview; large ones go through the upload page."""

    permission = EMPLOYERS.permission
    resource_classes = [EmployerResource]
    list_display = ["uscc", "name", "region", "entity_type", "status"]
    list_filter = ["entity_type"]
    search_fields = ["name"]  # shows the box; get_search_results does the rest
    list_select_related = ["region"]
    show_full_result_count = False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Employer], search_term: str
    ) -> tuple[QuerySet[Employer], bool]:
        return (queryset.search(search_term) if search_term else queryset), False


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
