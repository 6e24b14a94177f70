"""Which regions must not be told apart, so that no small group can be learned, not even by subtraction. Pure Python.

A region is shown whole or not at all. What a reader can work out about the hidden regions under a shown one is the
sum of their cells, and nothing else; so that sum must be 0 or large enough in every cell.
"""

from collections.abc import Mapping, Sequence


def hidden_nodes(
    parents: Mapping[str, str | None],
    cells: Mapping[str, Sequence[int]],
    least: int,
    hidden_before: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """The nodes of a tree to hide, so that every cell a reader can derive is 0 or at least `least`.

    `parents` gives each node's parent (None for the root), `cells` its counts with everything below it.
    `hidden_before` were hidden in an earlier release of the same year and stay hidden: two releases must not be
    subtracted from each other.
    """
    hidden = {node for node, counts in cells.items() if not _is_safe(counts, least)}
    hidden |= hidden_before & cells.keys()
    while True:
        more = _below_hidden(parents, hidden) or _companions(parents, cells, hidden, least)
        if not more:
            return frozenset(hidden)
        hidden |= more


def _is_safe(counts: Sequence[int], least: int) -> bool:
    return all(count == 0 or count >= least for count in counts)


def _below_hidden(parents: Mapping[str, str | None], hidden: set[str]) -> set[str]:
    return {node for node, parent in parents.items() if parent in hidden and node not in hidden}


def _companions(
    parents: Mapping[str, str | None], cells: Mapping[str, Sequence[int]], hidden: set[str], least: int
) -> set[str]:
    """One more node for each shown parent whose hidden children could still be worked out: its smallest shown child,
    or the parent itself when no child is left."""
    chosen: set[str] = set()
    for parent in {above for node in hidden if (above := parents[node]) is not None} - hidden:
        children = [node for node in parents if parents[node] == parent]
        group = [node for node in children if node in hidden]
        together = [sum(column) for column in zip(*(cells[node] for node in group), strict=True)]
        if len(group) > 1 and _is_safe(together, least):
            continue
        shown = sorted((sum(cells[node]), node) for node in children if node not in hidden)
        chosen.add(shown[0][1] if shown else parent)
    return chosen
