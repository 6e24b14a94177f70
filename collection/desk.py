"""The pages of the collection in the menu, and the page that makes room for panels."""

from django.utils.translation import gettext_lazy

from accounts.permissions import Permission
from casework.desk import MenuEntry, Place, menu

# Its panels take the levy year and the region.
COLLECTION = Place("collection:collection")
menu(
    MenuEntry(60, "collection:list_choose", gettext_lazy("征收清单"), (Permission.DOWNLOAD_LEVY_LIST,)),
    MenuEntry(70, "collection:collection", gettext_lazy("征缴情况"), (Permission.DOWNLOAD_LEVY_LIST,)),
)
