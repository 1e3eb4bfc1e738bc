"""Circles in a graph, found without recursion."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def circles(edges: Mapping[K, Sequence[K]]) -> Iterator[tuple[K, ...]]:
    """Every group of nodes that can all reach each other, and every node that reaches itself at once (Tarjan)."""
    index: dict[K, int] = {}
    low: dict[K, int] = {}
    path: list[K] = []
    on_path: set[K] = set()
    for start in edges:
        if start in index:
            continue
        work: list[tuple[K, Iterator[K]]] = [(start, iter(edges[start]))]
        index[start] = low[start] = len(index)
        path.append(start)
        on_path.add(start)
        while work:
            node, rest = work[-1]
            child = next(rest, None)
            if child is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group = _pop_group(path, on_path, node)
                    if len(group) > 1 or node in edges[node]:
                        yield tuple(reversed(group))
            elif child not in index:
                index[child] = low[child] = len(index)
                path.append(child)
                on_path.add(child)
                work.append((child, iter(edges[child])))
            elif child in on_path:
                low[node] = min(low[node], index[child])


def _pop_group(path: list[K], on_path: set[K], node: K) -> list[K]:
    group: list[K] = []
    while not group or group[-1] != node:
        group.append(path.pop())
        on_path.discard(group[-1])
    return group


def circle_in(edges: Mapping[K, Sequence[K]], start: K) -> tuple[K, ...]:
    """The shortest way from a node back to itself; the node alone when it reads itself."""
    before: dict[K, K] = {}
    queue = [start]
    while queue:
        node = queue.pop(0)
        for following in edges.get(node, ()):
            if following == start:
                return _way(before, start, node)
            if following not in before:
                before[following] = node
                queue.append(following)
    return (start,)


def _way(before: Mapping[K, K], start: K, end: K) -> tuple[K, ...]:
    way = [end]
    while way[-1] != start:
        way.append(before[way[-1]])
    return tuple(reversed(way))
