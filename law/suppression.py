"""Choose the regions to hide, so that no reader can learn a small group, not even by subtraction.

A region is shown whole or not at all. A reader can only work out the sum of the hidden regions under a shown one, cell
by cell. Each such sum must therefore be 0 or large enough.
"""

from collections.abc import Iterator, Mapping, Sequence


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


def hidden_settlements(
    parents: Mapping[str, str | None],
    counts: Mapping[str, Sequence[int]],
    least: int,
    hidden: frozenset[str],
    hidden_before: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """The nodes whose sum paid must be hidden, where what is due is hidden in `hidden` already.

    `counts` gives each node's employers who owe, who paid something, who paid too little and who paid too much, with
    everything below it. Readers know who has paid. Of each sum due that they know they can take the side of those who
    paid or, by subtraction, of those who did not pay what they owed; and a sum paid that they know covers several such
    sides at once. So the smaller side of each, added up, must be 0 or at least `least`.
    """
    known, sums = _sums_due(parents, counts, hidden)
    sides = dict.fromkeys(known, 0)
    for leaf in known.keys() - set(known.values()):
        _, paying, owing, overpaid = sums[leaf]
        for node in _upwards(known, leaf):
            sides[node] += min(paying, owing or overpaid)
    cells = {node: (sides[node], sums[node][0]) for node in known}
    return hidden | (hidden_nodes(known, cells, least, hidden_before) & parents.keys())


def _sums_due(
    parents: Mapping[str, str | None], counts: Mapping[str, Sequence[int]], hidden: frozenset[str]
) -> tuple[dict[str, str | None], dict[str, Sequence[int]]]:
    """The tree of sums due as readers know it: the hidden nodes under a shown one are one leaf, their remainder."""
    known = {node: parent for node, parent in parents.items() if node not in hidden}
    sums = {node: counts[node] for node in known}
    for parent in [*known]:
        shut = [counts[node] for node in hidden if parents[node] == parent]
        if shut:
            known[f"{parent} rest"] = parent
            sums[f"{parent} rest"] = [sum(column) for column in zip(*shut, strict=True)]
    return known, sums


def _upwards(parents: Mapping[str, str | None], node: str | None) -> Iterator[str]:
    while node is not None:
        yield node
        node = parents[node]


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
