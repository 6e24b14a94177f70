"""Publications that wait, the latest one, and the public's menu."""

from collections.abc import Iterable

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from casework.desk import Due, Latest, MenuEntry, Waiting, menu, public_menu, source
from disclosure.models import Publication
from disclosure.models.publications import PublicationState
from law.deadlines import last_day
from law.holidays import PUBLISHED
from law.statutory_periods import INFORMATION_PUBLICATION

menu(MenuEntry(140, "disclosure:publication_list", gettext_lazy("公示"), (Permission.PUBLISH, Permission.VIEW_AUDIT)))
public_menu(
    MenuEntry(10, "disclosure:search", gettext_lazy("单位查询")),
    MenuEntry(20, "disclosure:regions", gettext_lazy("各地情况")),
    MenuEntry(30, "disclosure:how_it_works", gettext_lazy("怎样计算")),
    MenuEntry(40, "disclosure:calculator", gettext_lazy("费额测算")),
    MenuEntry(50, "disclosure:document_check", gettext_lazy("文书核验")),
    MenuEntry(60, "disclosure:open_data", gettext_lazy("开放数据")),
)


@source
def publications_to_release(user: User) -> Iterable[Waiting | Latest]:
    """Publications that wait for a decision, those that failed, and the one in force."""
    if not user.may_somewhere(Permission.PUBLISH):
        return
    mine = Publication.objects.within_right(user, Permission.PUBLISH)
    drafts, failed = Q(state=PublicationState.DRAFT), Q(state=PublicationState.FAILED)
    found = mine.aggregate(
        drafts=Count("pk", filter=drafts),
        drafts_since=Min("prepared_at", filter=drafts),
        failed=Count("pk", filter=failed),
        failed_since=Min("prepared_at", filter=failed),
    )
    pages = reverse("disclosure:publication_list")
    due = None
    if found["drafts"]:
        prepared_on = timezone.localdate(found["drafts_since"])
        due = Due(last_day(INFORMATION_PUBLICATION, prepared_on, PUBLISHED).day, INFORMATION_PUBLICATION.citation)
    yield Waiting(_("公示待公布"), found["drafts"], pages, found["drafts_since"], due)
    yield Waiting(_("公示未能生成"), found["failed"], pages, found["failed_since"])
    published = mine.filter(state=PublicationState.PUBLISHED).select_related("region").first()
    if published:
        text = _("%(region)s%(year)s年度") % {"region": published.region, "year": published.levy_year}
        yield Latest(_("公示"), text, reverse("disclosure:publication_detail", args=[published.pk]))
