"""Small sheets in the administration pages: the columns of the exchange files, with a preview of every change.

Cells are read as `manage.py load` reads them, within tighter limits. Regional numbers are only written out here:
changing them takes two people (exchange/engine/loading.py).
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.formats.base_formats import Format
from import_export.resources import ModelResource
from import_export.results import Result
from import_export.widgets import Widget
from tablib import Dataset

from accounts.models import User
from audit.services import record
from design.csv_lines import escape_formula
from exchange.engine.cells import is_blank
from exchange.engine.contract import Column, Kind
from exchange.engine.faults import CellFault
from exchange.engine.source import MIB, Limits, Source
from exchange.engine.table import Table
from quota.kinds import EMPLOYERS, PARAMETERS
from quota.models import Employer, RegionalNumber

SMALL = Limits(size=MIB, rows=2_000, expanded=20 * MIB, memory=512 * MIB, seconds=20)


class ColumnWidget(Widget):
    """Reads a cell as the exchange file does, and writes it so that no spreadsheet runs it."""

    def __init__(self, column: Column, stored: models.Field) -> None:
        super().__init__()
        self.column = column
        self.stored = stored

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        if is_blank(value):
            if self.column.required:
                raise ValueError(_("%(heading)s未填写。") % {"heading": self.column.heading})
            return self.column.blank
        try:
            return self.stored.to_python(self.column.read(value))
        except CellFault as fault:
            raise ValueError(f"{self.column.heading}：{''.join(fault.refusal)}") from None

    def render(self, value: Any, obj: models.Model | None = None, **kwargs: Any) -> str:
        if isinstance(value, bool):
            return "1" if value else "0"
        text = "" if value is None else str(value)
        return escape_formula(text) if isinstance(value, str) else text


def field_of(kind: Kind, name: str) -> Field:
    """The field for a column of an exchange file."""
    column = next(column for column in kind.columns if name in column.names)
    return Field(name, column.heading, widget=ColumnWidget(column, kind.model._meta.get_field(name)))


class EmployerResource(ModelResource):
    """The employers file (单位名录)."""

    uscc = field_of(EMPLOYERS, "uscc")
    name = field_of(EMPLOYERS, "name")
    region_id = field_of(EMPLOYERS, "region_id")
    entity_type = field_of(EMPLOYERS, "entity_type")
    registered_on = field_of(EMPLOYERS, "registered_on")
    establishment_posts = field_of(EMPLOYERS, "establishment_posts")
    is_school = field_of(EMPLOYERS, "is_school")
    ownership = field_of(EMPLOYERS, "ownership")
    status = field_of(EMPLOYERS, "status")
    registered_staff = field_of(EMPLOYERS, "registered_staff")
    registered_wages = field_of(EMPLOYERS, "registered_wages")

    class Meta:
        model = Employer
        fields = tuple(column.names[0] for column in EMPLOYERS.columns)
        import_id_fields = ("uscc",)
        clean_model_instances = True
        skip_unchanged = True
        use_transactions = True

    def dehydrate_entity_type(self, employer: Employer) -> str:
        return str(employer.get_entity_type_display())

    def before_save_instance(self, instance: Employer, row: Mapping[str, Any], **kwargs: Any) -> None:
        """Both where the employer is and where it comes to lie must be the person's own regions."""
        user: User = kwargs["user"]
        stored = Employer.objects.filter(pk=instance.pk).values_list("region_id", flat=True).first()
        if not all(user.can(EMPLOYERS.permission, code) for code in filter(None, (stored, instance.region_id))):
            raise ValidationError(_("不在您的管辖范围。"))

    def after_import(self, dataset: Dataset, result: Result, **kwargs: Any) -> None:
        super().after_import(dataset, result, **kwargs)
        if kwargs["dry_run"] or result.has_errors() or result.has_validation_errors():
            return
        totals = {name: result.totals[name] for name in ("new", "update", "skip")}
        user: User = kwargs["user"]
        record(actor=user, action="quota.employer.import", target=user, details={"kind": EMPLOYERS.name, **totals})


class RegionalNumberResource(ModelResource):
    """The parameters file (地区参数), for writing out."""

    region_id = field_of(PARAMETERS, "region_id")
    kind = field_of(PARAMETERS, "kind")
    value = field_of(PARAMETERS, "value")
    valid_from = field_of(PARAMETERS, "valid_from")
    valid_until = field_of(PARAMETERS, "valid_until")
    document_number = field_of(PARAMETERS, "document_number")

    class Meta:
        model = RegionalNumber
        fields = tuple(column.names[0] for column in PARAMETERS.columns)
        import_id_fields = ("region_id", "kind", "valid_from")

    def dehydrate_kind(self, number: RegionalNumber) -> str:
        return str(number.get_kind_display())


class ExchangeFile(Format):
    """An exchange file as import-export takes it in: CSV or XLSX, found out by reading, small."""

    kind: ClassVar[Kind]

    def __init__(self, encoding: str | None = None) -> None:
        """The encoding is found out by reading."""

    def get_title(self) -> str:
        return "CSV / XLSX"

    def can_import(self) -> bool:
        return True

    def create_dataset(self, in_stream: bytes) -> Dataset:
        table = Table(Source("", SMALL, content=in_stream), self.kind)
        rows = [row for batch in table.batches() for row in zip(*batch.columns, strict=True)]
        return Dataset(*rows, headers=self.kind.headings)


class EmployersFile(ExchangeFile):
    kind = EMPLOYERS
