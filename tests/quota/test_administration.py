"""Small sheets in the administration pages: previewed, limited to region and contract, never a formula."""

import csv
import io
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from import_export.resources import ModelResource

from accounts.models import User
from accounts.permissions import Role
from audit.models import AuditEntry
from design.csv_lines import escape_formula
from quota import resources
from quota.enums import NumberKind
from quota.kinds import EMPLOYERS
from quota.models import Employer, RegionalNumber
from tests.accounts.factories import RegionFactory, officer
from tests.exchange.files import csv_bytes, xlsx_bytes
from tests.quota.factories import EmployerFactory, regional_number

pytestmark = pytest.mark.django_db

CODE = "91140105MA01000604"
IMPORT = "/admin/quota/employer/import/"


def company(name: str = "清和有限公司", region: str = "140105", code: str = CODE) -> list[str]:
    return [code, name, region, "企业", "2010-01-01", "", "0", "民营", "存续", "20.0000", "1000000.00"]


def preview(client: Client, content: bytes) -> tuple[str, dict[str, str]]:
    """The preview page, and the data that its confirmation would send."""
    answer = client.post(IMPORT, {"import_file": SimpleUploadedFile("f.csv", content), "format": "0", "resource": ""})
    assert answer.status_code == 200
    form = answer.context.get("confirm_form")
    return answer.content.decode(), {name: str(form[name].value() or "") for name in form.fields} if form else {}


def write(client: Client, content: bytes) -> None:
    _page, confirmation = preview(client, content)
    assert confirmation, _page
    assert client.post("/admin/quota/employer/process_import/", confirmation).status_code == 302


def superuser(role: Role, region: str) -> User:
    person = officer(role, region)
    person.is_superuser = True
    person.save()
    return person


@pytest.fixture
def tax_officer(signed_in: Callable[..., Client]) -> Client:
    RegionFactory(code="140106")
    return signed_in(superuser(Role.TAX_OFFICER, "140105"))


@pytest.mark.parametrize("path", ["/admin/", "/admin/quota/employer/", IMPORT, "/admin/quota/employer/export/"])
def test_no_post_opens_the_pages_by_itself(signed_in: Callable[..., Client], path: str) -> None:
    for role in Role:
        assert signed_in(role, "140105").get(path, follow=True).status_code == 403


def test_strangers_are_sent_to_the_one_sign_in() -> None:
    assert Client().get("/admin/", follow=True).redirect_chain[-1][0].startswith("/sign-in/")


def test_a_superuser_needs_the_right_of_the_post_too(signed_in: Callable[..., Client], tax_officer: Client) -> None:
    assert tax_officer.get("/admin/quota/employer/").status_code == 200
    assert tax_officer.get("/admin/quota/regionalnumber/").status_code == 403
    auditor = signed_in(superuser(Role.AUDITOR, "140105"))
    assert auditor.get("/admin/quota/employer/").status_code == 403
    assert auditor.get(IMPORT).status_code == 403


def test_rows_of_other_regions_are_not_there(tax_officer: Client) -> None:
    own, other = EmployerFactory(), EmployerFactory(region=RegionFactory(code="140106"))
    page = tax_officer.get("/admin/quota/employer/").content.decode()
    assert own.uscc in page
    assert other.uscc not in page
    assert tax_officer.get(f"/admin/quota/employer/{other.pk}/change/").status_code == 302


def test_nothing_is_added_changed_or_deleted_by_hand(tax_officer: Client) -> None:
    employer = EmployerFactory()
    assert tax_officer.get("/admin/quota/employer/add/").status_code == 403
    assert tax_officer.post(f"/admin/quota/employer/{employer.pk}/delete/", {"post": "yes"}).status_code == 403
    assert tax_officer.post(f"/admin/quota/employer/{employer.pk}/change/", {"name": "x"}).status_code == 403


@pytest.mark.parametrize("form", [csv_bytes, xlsx_bytes, lambda rows: csv_bytes(rows, "gb18030")])
def test_a_sheet_is_previewed_and_then_written(tax_officer: Client, form: Callable[..., bytes]) -> None:
    content = form([EMPLOYERS.headings, company()])
    page, _confirmation = preview(tax_officer, content)
    assert "清和有限公司" in page
    assert not Employer.objects.exists()
    write(tax_officer, content)
    stored = Employer.objects.get()
    assert (stored.uscc, stored.entity_type, stored.is_school) == (CODE, "enterprise", False)
    entry = AuditEntry.objects.get(action="quota.employer.import")
    assert entry.details["new"] == 1


def test_the_same_sheet_again_changes_nothing(tax_officer: Client) -> None:
    content = csv_bytes([EMPLOYERS.headings, company()])
    write(tax_officer, content)
    write(tax_officer, content)
    assert AuditEntry.objects.filter(action="quota.employer.import").latest("id").details["skip"] == 1


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (company(region="140106"), "不在您的管辖范围"),
        (company(code=CODE[:17] + "9"), "校验码不符"),
        (company(code="9.11401E+17"), "设为文本"),
        (company(name=""), "未填写。请补填。"),
        (company(region="140199"), "140199"),
    ],
)
def test_a_faulty_row_stops_the_sheet(tax_officer: Client, row: list[str], words: str) -> None:
    page, confirmation = preview(tax_officer, csv_bytes([EMPLOYERS.headings, row]))
    assert words in page
    assert not confirmation
    assert not Employer.objects.exists()


def test_nobody_takes_an_employer_over(tax_officer: Client) -> None:
    employer = EmployerFactory(uscc=CODE, region=RegionFactory(code="140106"))
    page, confirmation = preview(tax_officer, csv_bytes([EMPLOYERS.headings, company()]))
    assert "不在您的管辖范围" in page
    assert not confirmation
    employer.refresh_from_db()
    assert employer.region_id == "140106"


def test_what_is_no_table_is_told(tax_officer: Client) -> None:
    assert "PDF文件" in preview(tax_officer, b"%PDF-1.7")[0]


def test_other_columns_are_never_stored(tax_officer: Client) -> None:
    other = EmployerFactory()
    write(tax_officer, csv_bytes([[*EMPLOYERS.headings, "id", "region"], [*company(), str(other.pk), "330000"]]))
    other.refresh_from_db()
    assert (Employer.objects.count(), other.uscc == CODE) == (2, False)


def exported(client: Client, model: str) -> list[dict[str, str]]:
    answer = client.post(f"/admin/quota/{model}/export/", {"format": "0", **selected(client, model)})
    assert answer["Content-Type"] == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def selected(client: Client, model: str) -> dict[str, str]:
    form = client.get(f"/admin/quota/{model}/export/").context["form"]
    return {name: "on" for name in form.fields if name not in ("format", "resource", "export_items")} | {
        "resource": "0"
    }


def test_what_is_written_out_can_be_read_in_again(tax_officer: Client) -> None:
    write(tax_officer, csv_bytes([EMPLOYERS.headings, company()]))
    (row,) = exported(tax_officer, "employer")
    assert [row[heading] for heading in EMPLOYERS.headings] == company()


@pytest.mark.parametrize("payload", ["=1+1", "==1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠x"])
def test_a_formula_in_a_name_never_runs(tax_officer: Client, payload: str) -> None:
    EmployerFactory(name=payload)
    (row,) = exported(tax_officer, "employer")
    assert row["单位名称"] == f"'{payload}" == escape_formula(payload)


def test_ordinary_text_is_not_touched() -> None:
    assert escape_formula("清和=有限公司") == "清和=有限公司"
    assert [escape_formula(mark + "x")[0] for mark in "\t\r\n"] == ["'", "'", "'"]


def test_parameters_are_written_out_and_not_read_in(signed_in: Callable[..., Client]) -> None:
    client = signed_in(superuser(Role.PARAMETER_ADMINISTRATOR, "140000"))
    regional_number(NumberKind.MINIMUM_WAGE, "1980.00")
    (row,) = exported(client, "regionalnumber")
    assert (row["参数"], row["行政区划代码"]) == ("最低工资", "140000")
    assert client.get("/admin/quota/regionalnumber/import/").status_code in (302, 404)
    assert RegionalNumber.objects.count() == 1


def test_every_resource_names_its_columns_and_its_key() -> None:
    found = [
        item
        for item in vars(resources).values()
        if isinstance(item, type) and issubclass(item, ModelResource) and item is not ModelResource
    ]
    assert found
    for resource in found:
        assert resource._meta.fields
        assert resource._meta.import_id_fields != ("id",)
        assert set(resource.fields) == set(resource._meta.fields)
