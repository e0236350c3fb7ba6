"""The flow of a picture from top to bottom: which edges go back, and on which layer each node stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attune_core.drawing.picture import Edge, Picture


def back_edges(picture: Picture) -> frozenset[tuple[str, str]]:
    """The edges that close a loop, found from the start tasks on."""
    following = _following(picture.edges)
    open_, done = set[str](), set[str]()
    found: set[tuple[str, str]] = set()
    starts = [node.id for node in picture.nodes if node.is_start]
    for root in (*starts, *(node.id for node in picture.nodes)):
        if root in done or root in open_:
            continue
        work: list[tuple[str, Iterator[str]]] = [(root, iter(following.get(root, ())))]
        open_.add(root)
        while work:
            name, rest = work[-1]
            target = next(rest, None)
            if target is None:
                work.pop()
                open_.discard(name)
                done.add(name)
            elif target in open_:
                found.add((name, target))
            elif target not in done:
                open_.add(target)
                work.append((target, iter(following.get(target, ()))))
    return frozenset(found)


def layers(picture: Picture, back: frozenset[tuple[str, str]]) -> dict[str, int]:
    """The length of the longest way to each node, back edges left out."""
    ahead = [edge for edge in picture.edges if (edge.source, edge.target) not in back]
    following = _following(ahead)
    missing: dict[str, int] = {node.id: 0 for node in picture.nodes}
    for edge in ahead:
        missing[edge.target] += 1
    layer = dict.fromkeys(missing, 0)
    ready = [name for name, count in missing.items() if count == 0]
    while ready:
        name = ready.pop()
        for target in following.get(name, ()):
            layer[target] = max(layer[target], layer[name] + 1)
            missing[target] -= 1
            if missing[target] == 0:
                ready.append(target)
    return layer


def in_flow(picture: Picture) -> list[str]:
    """All nodes, those of earlier layers first, else in the order of the file."""
    layer = layers(picture, back_edges(picture))
    return sorted((node.id for node in picture.nodes), key=layer.__getitem__)


def _following(edges: Sequence[Edge]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for edge in edges:
        found.setdefault(edge.source, []).append(edge.target)
    return found
