"""Administration pages that only show rows."""

from typing import Any

from django.http import HttpRequest

from accounts.permissions import Permission


class LookingOnly:
    """Rows of a person's regions, for people who hold `permission` somewhere. List it before the library's mixins:
    they ask less."""

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
