"""Small groups stay unknown, even to a reader who subtracts one shown figure from another."""

from fractions import Fraction
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from law.suppression import hidden_nodes, hidden_settlements

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


# How an employer stands with its levy: what the sum due and the sum paid hold of its unknown amounts.
KINDS = {
    "paid in full": ((1,), (1,)),
    "unpaid": ((1,), (0,)),
    "paid in part": ((1, 1), (1, 0)),
    "overpaid": ((1, 0), (1, 1)),
    "paid without owing": ((0,), (1,)),
}
BELOW = {"p": "abcde", "c1": "abc", "c2": "de"} | {leaf: leaf for leaf in "abcde"}
Groups = dict[tuple[str, str], int]


def sides(groups: Groups, node: str) -> tuple[int, ...]:
    """Employers that owe, paid something, paid too little or paid too much, as disclosure.services.freezing counts
    them."""
    full, none, part, over, free = (sum(groups.get((leaf, kind), 0) for leaf in BELOW[node]) for kind in KINDS)
    return (full + none + part + over, full + part + over + free, none + part, over + free)


def rank(rows: list[list[Fraction]]) -> int:
    done = 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((row for row in rows[done:] if row[column]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rows.insert(done, pivot)
        done += 1
        for row in rows[done:]:
            factor = row[column] / pivot[column]
            row[:] = [value - factor * above for value, above in zip(row, pivot, strict=True)]
    return done


def smallest_told_group(groups: Groups, due_hidden: frozenset[str], paid_hidden: frozenset[str]) -> int:
    """The smallest number of employers behind a sum that follows from the shown ones by adding and subtracting; at
    most 3. Readers know the standing of each employer, so employers with equal standing appear alike."""
    present = [group for group, count in groups.items() if count]

    def seen(node: str, side: int, left: list[tuple[str, str]]) -> list[Fraction]:
        return [Fraction(leaf in BELOW[node] and part) for leaf, kind in left for part in KINDS[kind][side]]

    def known(left: list[tuple[str, str]]) -> int:
        due = [seen(node, 0, left) for node in BELOW if node not in due_hidden]
        return rank(due + [seen(node, 1, left) for node in BELOW if node not in paid_hidden])

    few = [
        (sum(groups[group] for group in chosen), chosen)
        for chosen in [*combinations(present, 1), *combinations(present, 2)]
    ]
    whole = known(present)
    told = [count for count, chosen in few if count < 3 and known([g for g in present if g not in chosen]) < whole]
    return min(told, default=3)


def due_and_paid_hidden(groups: Groups) -> tuple[frozenset[str], frozenset[str]]:
    counts = {node: sides(groups, node) for node in PARENTS}
    due = hidden_nodes(PARENTS, {node: counts[node][:1] for node in counts}, 3)
    return due, hidden_settlements(PARENTS, counts, 3, due)


@settings(max_examples=400, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abcde"), st.sampled_from([*KINDS])), st.sampled_from([0, 1, 2, 3, 9]), max_size=14
    )
)
def test_no_sum_over_fewer_than_three_can_be_derived_from_what_is_due_and_what_is_paid(groups):
    assert smallest_told_group(groups, *due_and_paid_hidden(groups)) == 3


def test_twin_shown_wherever_the_due_is_the_paid_sum_tells_one_employer():
    groups = {(leaf, "paid in part"): 9 for leaf in "abcde"} | {("a", "paid in part"): 0}
    for others in ("unpaid", "paid in full"):
        one = next(kind for kind in ("paid in full", "unpaid") if kind != others)
        county = groups | {("a", others): 2, ("a", one): 1}
        due, _ = due_and_paid_hidden(county)
        assert due == frozenset()
        assert smallest_told_group(county, due, due) == 1


def test_twin_a_sibling_in_which_all_have_paid_hides_nothing():
    """Its sum paid is its sum due, so it is no company for a county in which one has paid."""
    groups = {(leaf, "paid in part"): 9 for leaf in "cde"}
    groups |= {("a", "paid in full"): 1, ("a", "unpaid"): 5, ("b", "paid in full"): 5}
    due, paid = due_and_paid_hidden(groups)
    assert (due, paid) == (frozenset(), {"a", "b", "c"})
    assert smallest_told_group(groups, due, frozenset({"a", "b"})) == 1


def test_what_is_paid_is_shown_where_many_paid_and_many_did_not_or_all_alike():
    groups = {("a", "paid in full"): 3, ("a", "unpaid"): 3, ("b", "unpaid"): 3, ("c", "paid in full"): 3}
    groups |= {("d", "paid in part"): 3}
    assert due_and_paid_hidden(groups) == (frozenset(), frozenset())


def test_a_paid_sum_that_an_earlier_release_hid_stays_hidden():
    counts = {node: sides({(leaf, "paid in part"): 5 for leaf in "abcde"}, node) for node in PARENTS}
    hidden = hidden_settlements(PARENTS, counts, 3, frozenset(), hidden_before=frozenset({"a", "gone"}))
    assert hidden == {"a", "b"}
