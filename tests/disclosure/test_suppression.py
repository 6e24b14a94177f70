"""Small groups stay unknown, also to a reader who subtracts what is shown from what is shown."""

from hypothesis import given, settings
from hypothesis import strategies as st

from disclosure.suppression import hidden_nodes

PARENTS = {"p": None, "c1": "p", "c2": "p", "a": "c1", "b": "c1", "c": "c1", "d": "c2", "e": "c2"}


def tree(a: int, b: int, c: int, d: int, e: int) -> dict[str, tuple[int, ...]]:
    return {
        "a": (a,), "b": (b,), "c": (c,), "d": (d,), "e": (e,),
        "c1": (a + b + c,), "c2": (d + e,), "p": (a + b + c + d + e,),
    }  # fmt: skip


def test_nothing_is_hidden_where_every_group_is_large_or_empty():
    assert hidden_nodes(PARENTS, tree(5, 0, 9, 3, 3), least=3) == frozenset()


def test_a_small_group_takes_its_smallest_sibling_along():
    assert hidden_nodes(PARENTS, tree(2, 20, 9, 5, 5), least=3) == {"a", "c"}


def test_companions_are_added_until_their_sum_is_large_enough():
    assert hidden_nodes(PARENTS, tree(1, 0, 9, 5, 5), least=3) == {"a", "b", "c"}


def test_a_parent_goes_when_its_children_cannot_hide_one_another():
    assert hidden_nodes(PARENTS, tree(1, 1, 0, 50, 50), least=3) == {"a", "b", "c", "c1", "c2", "d", "e"}


def test_what_an_earlier_release_hid_stays_hidden_and_never_alone():
    hidden = hidden_nodes(PARENTS, tree(5, 6, 9, 3, 3), least=3, hidden_before=frozenset({"a", "gone"}))
    assert hidden == {"a", "b"}


def derivable(cells: dict[str, tuple[int, ...]], hidden: frozenset[str]) -> list[tuple[int, ...]]:
    """Every count that follows from the shown ones: themselves, and each shown parent less its shown children."""
    known = [counts for node, counts in cells.items() if node not in hidden]
    for parent in cells:
        shut = [node for node, above in PARENTS.items() if above == parent and node in hidden]
        if parent not in hidden and shut:
            known.append(tuple(sum(column) for column in zip(*(cells[node] for node in shut), strict=True)))
    return known


counts = st.integers(0, 12)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(counts, counts), min_size=5, max_size=5), st.integers(2, 10))
def test_no_small_count_can_be_derived(leaves, least):
    cells = dict(zip("abcde", leaves, strict=True))
    for parent, below in (("c1", "abc"), ("c2", "de"), ("p", "abcde")):
        cells[parent] = tuple(sum(cells[node][column] for node in below) for column in (0, 1))
    hidden = hidden_nodes(PARENTS, cells, least)
    for group in derivable(cells, hidden):
        assert all(count == 0 or count >= least for count in group)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(counts), min_size=5, max_size=5))
def test_nothing_below_a_hidden_region_is_shown(leaves):
    cells = tree(*(leaf[0] for leaf in leaves))
    hidden = hidden_nodes(PARENTS, cells, 3)
    assert all(node in hidden for node, parent in PARENTS.items() if parent in hidden)
