"""The forms of a page as a browser sends them, and the rules for the answer to a wrong one (promise H5)."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"input", "img", "br", "hr", "meta", "link", "col", "wbr", "source"}
TYPED = {"text", "search", "number", "email", "tel", "url", "date", "textarea"}


@dataclass
class Field:
    name: str
    kind: str
    value: str


@dataclass
class Form:
    method: str
    action: str
    fields: list[Field] = field(default_factory=list)

    def can_be_wrong(self) -> bool:
        """True if the form has a field to fill in, not only a button."""
        return any(entry.kind not in {"hidden", "submit", "button"} for entry in self.fields)

    def wrong(self, text: str) -> dict[str, str]:
        """The data sent when every field has `text`, no box is ticked and no option chosen."""
        kept = {entry.name: entry.value for entry in self.fields if entry.kind == "hidden"}
        return kept | {entry.name: text for entry in self.fields if entry.kind in TYPED}


class Document(HTMLParser):
    """Forms, ids, title, and the links of the error summary (None without a summary)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.ids: dict[str, dict[str, str | None]] = {}
        self.title = ""
        self.summary: list[str] | None = None
        self._open: list[str] = []
        self._in_summary = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in VOID:
            self._open.append(tag)
        if identity := given.get("id"):
            self.ids[identity] = given
        if given.get("id") == "errors":
            self.summary, self._in_summary = [], len(self._open)
        if tag == "form":
            self.forms.append(Form((given.get("method") or "get").lower(), given.get("action") or ""))
        elif self._in_summary and tag == "a":
            self.summary.append((given.get("href") or "").removeprefix("#"))
        elif tag in {"input", "textarea", "select"} and "form" in self._open and given.get("name"):
            kind = (given.get("type") or "text") if tag == "input" else tag
            self.forms[-1].fields.append(Field(str(given["name"]), kind, given.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        while self._open and (closed := self._open.pop()) != tag and closed in {"p", "li", "dt", "dd"}:
            pass
        if len(self._open) < self._in_summary:
            self._in_summary = 0

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "title":
            self.title += data
        elif self._open and self._open[-1] == "textarea" and self.forms and self.forms[-1].fields:
            self.forms[-1].fields[-1].value += data.removeprefix("\n")


def faults_of_refusal(html: str, sent: dict[str, str]) -> list[str]:
    """The faults of a page that refuses `sent`: title, summary, links, marks at the fields, typed text."""
    page = Document(html)
    if page.summary is None:
        return ["no summary of errors"]
    faults = [] if page.title.strip().startswith("错误：") else [f"title: {page.title}"]
    for target in page.summary:
        if target not in page.ids:
            faults.append(f"link to nothing: {target}")
            continue
        marked = page.ids[target]
        if marked.get("aria-invalid") != "true":
            faults.append(f"not marked as wrong: {target}")
        texts = (marked.get("aria-describedby") or "").split()
        faults += [f"described by nothing: {text}" for text in texts if text not in page.ids]
        if not any(text.endswith("_error") for text in texts) and marked.get("type") not in {"radio", "checkbox"}:
            faults.append(f"no words at the field: {target}")
    shown = {entry.name: entry for form in page.forms for entry in form.fields}
    for name, text in sent.items():
        if name in shown and shown[name].kind in TYPED and shown[name].value != text:
            faults.append(f"lost what was typed: {name}")
    return faults
