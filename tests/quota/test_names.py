"""A search by two characters of a name uses an index."""

import json
from itertools import product

import pytest
from django.db import connection

from quota import names
from quota.models import Employer
from tests.accounts.factories import RegionFactory
from tests.quota.factories import EmployerFactory

pytestmark = pytest.mark.django_db


def found(text: str) -> set[str]:
    return set(Employer.objects.filter(names.contains(text)).values_list("name", flat=True))


def test_two_characters_anywhere_in_a_name_find_it() -> None:
    for name in ("太原清和精密制造有限公司", "清远和顺商贸中心", "大同ABB电气（集团）公司", "100%棉纺织厂"):
        EmployerFactory(name=name)
    assert found("清和") == {"太原清和精密制造有限公司"}
    assert found("公司") == {"太原清和精密制造有限公司", "大同ABB电气（集团）公司"}
    assert found("ab") == found("bb电") == found("（集") == {"大同ABB电气（集团）公司"}
    assert found("太原清和精密制造有限公司") == {"太原清和精密制造有限公司"}
    assert found("0%") == {"100%棉纺织厂"}
    assert found("%%") == found("__") == found("清_") == found("清") == set()


def test_doubling_finds_what_plain_search_finds() -> None:
    """Repeated characters are where a doubled text could match at the wrong place."""
    every = ["".join(letters) for length in range(2, 6) for letters in product("aB", repeat=length)]
    region = RegionFactory()
    Employer.objects.bulk_create(EmployerFactory.build(name=name, region=region) for name in every)
    for text in ("aa", "ab", "ba", "bb", "aab", "abab", "bbbb"):
        assert found(text) == set(Employer.objects.filter(name__icontains=text).values_list("name", flat=True)), text


def test_the_index_alone_finds_two_characters() -> None:
    for _ in range(30):
        EmployerFactory()
    EmployerFactory(name="山西恒岳科技公司")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = json.loads(Employer.objects.filter(names.contains("恒岳")).order_by().explain(analyze=True, format="json"))
    scan = plan[0]["Plan"]["Plans"][0]
    assert scan["Index Name"] == "employer_name_pairs"
    assert scan["Actual Rows"] == 1
