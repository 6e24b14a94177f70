"""Every form of the walk, sent empty and with nonsense: the answer helps its sender (promise H5)."""

from collections.abc import Iterator

import pytest
from django.db import transaction

from tests.browser.forms import Document, Form, faults_of_refusal
from tests.browser.pages.site import PAGES, Site

pytestmark = pytest.mark.django_db
# Forms that take what is typed and answer with a page at once.
ANSWERED_AT_ONCE = {
    "access:person_act": "a reason is all it wants; the new password is shown",
    "quota:reveal": "a reason is all it wants; the number is shown",
    "quota:return": "one number is put into twelve boxes, not saved yet",
}
FEWEST = 10


def refused(site: Site, role: str, address: str, form: Form, text: str) -> list[str] | None:
    """Send the form in a transaction that is rolled back. None if it was accepted, else the faults of the refusal."""
    sent, target = form.wrong(text), form.action or address
    with transaction.atomic():
        client = site.client(role)
        answer = client.post(target, sent) if form.method == "post" else client.get(target, sent)
        transaction.set_rollback(True)
    if answer.status_code in {302, 303}:
        return None
    if answer.status_code != 200:
        return [f"answer {answer.status_code}"]
    html = answer.content.decode()
    if form.method == "get" and Document(html).summary is None:
        return None
    return faults_of_refusal(html, sent)


def forms(site: Site) -> Iterator[tuple[str, str, str, Form]]:
    """(route, role, address, form) of every form with a field to fill in."""
    for route in PAGES:
        for role, address in site.addresses(route):
            html = site.client(role).get(address).content.decode()
            yield from ((route, role, address, form) for form in Document(html).forms if form.can_be_wrong())


def test_every_refusal_names_links_and_keeps(site: Site) -> None:
    faults, helped = [], set()
    for route, role, address, form in forms(site):
        for text in ("", "坏值"):
            found = refused(site, role, address, form, text)
            if found == []:
                helped.add(route)
            elif found and not (text and route in ANSWERED_AT_ONCE and found == ["no summary of errors"]):
                faults.append(f"{role} {address} → {form.action} {text!r}: {found}")
    assert not faults, "\n".join(faults)
    assert len(helped) >= FEWEST, f"forms of few pages were refused: {sorted(helped)}"


SOUND = """<title>错误：填报</title><div id="errors"><ul><li><a href="#id_n">人数：请填写</a></li></ul></div>
<form method="post"><p id="id_n_error">请填写</p>
<input name="n" id="id_n" value="坏值" aria-invalid="true" aria-describedby="id_n_error"></form>"""


@pytest.mark.parametrize(
    "guard",
    ["错误：", 'id="errors"', 'id="id_n" ', 'aria-invalid="true"', 'aria-describedby="id_n_error"', "坏值"],
)
def test_twin_a_refusal_without_one_of_its_parts_is_found(guard: str) -> None:
    assert faults_of_refusal(SOUND, {"n": "坏值"}) == []
    assert faults_of_refusal(SOUND.replace(guard, ""), {"n": "坏值"}) != []
