"""Certificates that a file changes: refused outside the loader's regions, and told to the offices of their claims."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from exchange.engine.contract import Scope, StagedRows
from exchange.engine.faults import Fault, Refusal
from quota.services.person_keys import hold_keys

# An office may repeat what the national register says.
OUTSIDE = """
EXISTS (
    SELECT FROM quota_certificate t
    WHERE {same_key} AND {body_differs} AND (t.region_id IS NULL OR NOT t.region_id ^@ ANY (%(prefixes)s::text[]))
)
"""
# The columns on which a claim rests, before the file changes them.
KEEP = """
CREATE TEMP TABLE changing ON COMMIT DROP AS
SELECT t.id, t.level, t.state, t.name, t.person_key, t.valid_from, t.valid_until
FROM staged s JOIN quota_certificate t ON {same_key}
WHERE ROW(s.level, s.state, s.name, s.person_key, s.valid_from, s.valid_until)
    IS DISTINCT FROM ROW(t.level, t.state, t.name, t.person_key, t.valid_from, t.valid_until)
"""
TELL = """
INSERT INTO quota_certificatechange (
    headcount_return_id, certificate_id, file_id, was_level, was_state, was_name, had_other_holder, level, state, name,
    was_valid_from, was_valid_until, valid_from, valid_until
)
SELECT DISTINCT r.id, t.id, t.file_id, w.level, w.state, w.name, w.person_key <> t.person_key, t.level, t.state,
    t.name, w.valid_from, w.valid_until, t.valid_from, t.valid_until
FROM changing w
JOIN quota_certificate t ON t.id = w.id
JOIN quota_placement p ON p.certificate_kind = t.kind AND p.certificate_key = t.number_key
JOIN quota_headcountreturn r ON r.employer_id = p.employer_id AND r.levy_year = p.levy_year AND r.is_in_force
WHERE ROW(w.level, w.state, w.name, w.person_key, w.valid_from, w.valid_until)
    IS DISTINCT FROM ROW(t.level, t.state, t.name, t.person_key, t.valid_from, t.valid_until)
"""


def certificates_in_scope(staging: StagedRows, scope: Scope) -> Iterator[Fault]:
    """Refuse an uploaded change of a certificate of another region, or of the national register, which has none."""
    if not scope.is_upload or scope.prefixes is None:
        return
    refusal = Refusal(
        _("该证件不是由您的管辖地区登记的。"),
        _("请由登记地区的残联办理；全国统一导入的证件，请联系系统运维。"),
    )
    outside = OUTSIDE.format(same_key=staging.same_key, body_differs=staging.body_differs("s"))
    yield from staging.faults_where(outside, "number_key", refusal, prefixes=list(scope.prefixes))


def keep_old(staging: StagedRows) -> None:
    """Note the stored certificates that the file may change. No key of theirs moves meanwhile."""
    hold_keys()
    staging.run("DROP TABLE IF EXISTS changing")
    staging.run(KEEP.format(same_key=staging.same_key))


def tell_offices(staging: StagedRows) -> None:
    """Note every return in force whose claim rests on a changed certificate."""
    if staging.rows("SELECT FROM changing LIMIT 1"):
        staging.run(TELL)
