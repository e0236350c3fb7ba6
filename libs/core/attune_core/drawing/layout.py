"""Where everything of a layered drawing stands: few crossings, straight edges, nothing over anything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from attune_core.drawing.grid import Cell, Grid

_GAP: Final = 28.0
_SWEEPS: Final = 10
_ALIGNMENTS: Final = 12


def arrange(grid: Grid) -> None:
    """Order the cells of each row and give each its `x`; the leftmost border is at 0."""
    _reduce_crossings(grid.rows)
    _align(grid.rows)
    left = min((cell.x - cell.width / 2 for row in grid.rows for cell in row), default=0.0)
    for row in grid.rows:
        for cell in row:
            cell.x -= left


def _reduce_crossings(rows: list[list[Cell]]) -> None:
    """Sweeps by the middle of each cell's neighbours, down and up; the best order that was seen is kept."""
    place: dict[Cell, int] = {}
    for row in rows:
        _number(row, place)
    best, fewest = [list(row) for row in rows], _crossings(rows, place)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        downward = sweep % 2 == 0
        for row in rows[1:] if downward else rows[-2::-1]:
            row.sort(key=lambda cell: _middle(cell.above if downward else cell.below, place, place[cell]))
            _number(row, place)
        count = _crossings(rows, place)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    for row, order in zip(rows, best, strict=True):
        row[:] = order


def _number(row: Sequence[Cell], place: dict[Cell, int]) -> None:
    place.update((cell, index) for index, cell in enumerate(row))


def _middle(neighbours: Sequence[Cell], place: dict[Cell, int], own: int) -> float:
    return sum(place[cell] for cell in neighbours) / len(neighbours) if neighbours else float(own)


def _crossings(rows: Sequence[Sequence[Cell]], place: dict[Cell, int]) -> int:
    """Pairs of edges between two rows that cross: inversions, counted with a Fenwick tree."""
    total = 0
    for row in rows:
        ends = [place[below] for cell in row for below in sorted(cell.below, key=place.__getitem__)]
        size = max(ends, default=0) + 1
        tree = [0] * (size + 1)
        for seen, end in enumerate(ends):
            total += seen - _count(tree, end + 1)
            _add(tree, end + 1)
    return total


def _count(tree: Sequence[int], index: int) -> int:
    found = 0
    while index > 0:
        found += tree[index]
        index -= index & -index
    return found


def _add(tree: list[int], index: int) -> None:
    while index < len(tree):
        tree[index] += 1
        index += index & -index


def _align(rows: Sequence[Sequence[Cell]]) -> None:
    """Move every cell towards the middle of its neighbours, as far as the order and the gaps allow."""
    for row in rows:
        at = 0.0
        for cell in row:
            cell.x = at + cell.width / 2
            at += cell.width + _GAP
    for turn in range(_ALIGNMENTS):
        downward = turn % 2 == 0
        for row in rows[1:] if downward else rows[-2::-1]:
            _place(row, [_wanted(cell, cell.above if downward else cell.below) for cell in row])


def _wanted(cell: Cell, neighbours: Sequence[Cell]) -> tuple[float, float]:
    """Where the cell wants to be, and how much. Parts of one edge want to be a straight line."""
    if not neighbours:
        return cell.x, 0.1
    weight = 4.0 if not cell.id and any(not other.id for other in neighbours) else 1.0
    return sum(other.x for other in neighbours) / len(neighbours), weight


@dataclass(slots=True)
class _Group:
    """Cells that touch each other and move as one."""

    total: float
    weight: float
    count: int

    @property
    def at(self) -> float:
        return self.total / self.weight


def _place(row: Sequence[Cell], wanted: Sequence[tuple[float, float]]) -> None:
    """The places closest to the wanted ones that keep order and gaps (isotonic regression)."""
    offsets: list[float] = []
    for index, cell in enumerate(row):
        before = row[index - 1] if index else None
        offsets.append(offsets[-1] + (before.width + cell.width) / 2 + _GAP if before else 0.0)
    groups: list[_Group] = []
    for (x, weight), offset in zip(wanted, offsets, strict=True):
        groups.append(_Group((x - offset) * weight, weight, 1))
        while len(groups) > 1 and groups[-2].at > groups[-1].at:
            last = groups.pop()
            groups[-1].total += last.total
            groups[-1].weight += last.weight
            groups[-1].count += last.count
    places = [group.at for group in groups for _ in range(group.count)]
    for cell, place, offset in zip(row, places, offsets, strict=True):
        cell.x = place + offset
