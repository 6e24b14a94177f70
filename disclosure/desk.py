"""What waits for those who publish, and what was published last."""

from collections.abc import Iterable

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.waiting import Latest, Waiting, source
from disclosure.models import Publication
from disclosure.models.publications import PublicationState


@source
def publications_to_release(user: User) -> Iterable[Waiting | Latest]:
    """Publications that wait for a look and a word, those that failed, and the one in force."""
    if not user.may_somewhere(Permission.PUBLISH):
        return
    mine = Publication.objects.within_right(user, Permission.PUBLISH)
    counts = mine.aggregate(
        drafts=Count("pk", filter=Q(state=PublicationState.DRAFT)),
        failed=Count("pk", filter=Q(state=PublicationState.FAILED)),
    )
    pages = reverse("disclosure:publication_list")
    yield Waiting(_("公示待公布"), counts["drafts"], pages)
    yield Waiting(_("公示未能生成"), counts["failed"], pages)
    published = mine.filter(state=PublicationState.PUBLISHED).select_related("region").first()
    if published:
        text = _("%(region)s%(year)s年度") % {"region": published.region, "year": published.levy_year}
        yield Latest(_("公示"), text, reverse("disclosure:publication_detail", args=[published.pk]))
