"""The pages about one employer in the menu."""

from django.utils.translation import gettext_lazy

from accounts.permissions import Permission
from casework.desk import MenuEntry, menu

menu(
    MenuEntry(20, "portal:my_documents", gettext_lazy("文书"), (Permission.FILE_RETURN,)),
    MenuEntry(80, "portal:employer_search", gettext_lazy("单位查询"), (Permission.VIEW_EMPLOYERS,)),
)
