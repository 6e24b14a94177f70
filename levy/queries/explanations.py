"""The steps of a stored assessment, rebuilt from its inputs and the policy version of its run."""

from law.amount import Assessed, Facts, Terms, assess
from levy.models import Assessment
from levy.queries.policy import terms_of


def facts_of(assessment: Assessment) -> Facts:
    """The stored inputs. A missing or exempt employer without figures has no stored credited months."""
    return Facts(
        entity_type=assessment.entity_type,
        staff_months=assessment.declared_staff_months,
        total_wages=assessment.total_wages,
        credited_months=assessment.credited_months or 0,
        transferred_staff_months=assessment.transferred_staff_months,
        registered_on=assessment.registered_on,
        is_registered_staff=assessment.is_registered_staff,
    )


def pinned_terms(assessment: Assessment) -> Terms:
    return terms_of(assessment.run.policy_version, assessment.region_id)


def explain(assessment: Assessment) -> Assessed:
    """The same result again, with its steps. A test proves that its figures equal the stored ones."""
    return assess(facts_of(assessment), pinned_terms(assessment))
