"""Values as small tables to look at: data only, drawn by the render modules.

What is too large is cut to a window around the first difference. Nothing is said by colour alone: a sign stands in
the number, a difference is marked by a sign, a frame and bold type, and every picture has a caption in words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from course_lib.checking.advice import leaf
from course_lib.checking.compare import close, tolerance_for
from course_lib.checking.results import Difference, FailingCase
from course_lib.checking.values import Value, elements
from course_lib.checking.words import DIFFERENCE, EXPECTED, INPUT, YOURS, describe, shown_number
from course_lib.text import Text

MOST = 8  # rows and columns of a picture
SAME = "·"
FIRST = Text(en="first difference at {where}", zh="第一处差异在 {where}")
CUT = Text(en="showing {part} of {whole}", zh="只显示 {whole} 中的 {part}")

Index = tuple[int, ...]


@dataclass(frozen=True)
class Picture:
    """rows: shown numbers; marks: where they differ; shades: -1 to 1 by size and sign; first: row and column of the
    first difference. rows is empty where the caption says everything."""

    title: Text
    caption: Text
    rows: tuple[tuple[str, ...], ...] = ()
    marks: tuple[tuple[bool, ...], ...] = ()
    shades: tuple[tuple[float, ...], ...] = ()
    row_heads: tuple[str, ...] = ()
    column_heads: tuple[str, ...] = ()
    first: tuple[int, int] | None = None


def counterexample(failing: FailingCase) -> list[Picture]:
    """The inputs of a failing case, then expected, yours and the difference."""
    inputs = [
        draw(Text(en=f"{INPUT.en} {name}", zh=f"{INPUT.zh} {name}"), value) for name, value in failing.inputs.items()
    ]
    return [*inputs, *drawn_difference(failing.difference)]


def draw(title: Text, value: Value | None) -> Picture:
    """One value: an array or a tensor as a table, anything else in words."""
    if value is None or value.kind not in ("array", "tensor") or 0 in value.shape:
        return Picture(title, describe(value))
    return _table(title, value, elements(value), None, None)


def drawn_difference(difference: Difference) -> list[Picture]:
    """Expected, yours and, where they have one shape, the difference, with the first difference marked."""
    wanted, got = difference.expected, difference.actual
    if wanted is not None and got is not None:
        wanted, got = leaf(wanted, got)
    if wanted is None or got is None or not _comparable(wanted, got):
        return [draw(EXPECTED, wanted), draw(YOURS, got)]
    a, b = elements(wanted), elements(got)
    differs = ~close(a, b, tolerance_for(wanted))
    if not differs.any():  # the property has a tolerance of its own
        differs = ~((a == b) | ((a != a) & (b != b)))
    first = tuple(int(i) for i in np.argwhere(differs)[0]) if differs.any() else None
    with np.errstate(all="ignore"):
        gap = b.astype(complex) - a.astype(complex) if "c" in a.dtype.kind + b.dtype.kind else b.astype(float) - a
    pictures = [_table(EXPECTED, wanted, a, None, first), _table(YOURS, got, b, differs, first)]
    return [*pictures, _table(DIFFERENCE, None, gap, differs, first)]


def _comparable(wanted: Value, got: Value) -> bool:
    arrays = wanted.kind in ("array", "tensor") and got.kind in ("array", "tensor")
    return arrays and wanted.shape == got.shape and 0 not in wanted.shape


def _table(
    title: Text, value: Value | None, data: np.ndarray, differs: np.ndarray | None, first: Index | None
) -> Picture:
    """value: None for a table of differences, where only what differs is shown."""
    at = first if first is not None else (0,) * data.ndim
    rows, columns = _window(data.shape, at)
    cut = tuple(at[:-2]) + ((rows, columns) if data.ndim > 1 else (columns,) if data.ndim else ())
    shown, marked = np.atleast_2d(data[cut]), None if differs is None else np.atleast_2d(differs[cut])
    marks = np.zeros(shown.shape, dtype=bool) if marked is None else marked
    place = (
        None
        if first is None or differs is None
        else (at[-2] - rows.start if data.ndim > 1 else 0, at[-1] - columns.start if data.ndim else 0)
    )
    return Picture(
        title,
        _caption(value, data, shown, cut, first if differs is not None else None),
        tuple(
            tuple(SAME if value is None and not mark else shown_number(n) for n, mark in zip(row, flags, strict=True))
            for row, flags in zip(shown, marks, strict=True)
        ),
        tuple(tuple(bool(mark) for mark in row) for row in marks),
        _shades(shown),
        tuple(map(str, range(rows.start, rows.stop))) if data.ndim > 1 else (),
        tuple(map(str, range(columns.start, columns.stop))) if data.ndim else (),
        place,
    )  # fmt: skip


def _window(shape: Index, at: Index) -> tuple[slice, slice]:
    """The rows and columns to show: all of few, else those around an index."""
    both = []
    for axis in (-2, -1):
        size = shape[axis] if len(shape) >= -axis else 1
        middle = at[axis] if len(shape) >= -axis else 0
        start = max(0, min(middle - MOST // 2, size - MOST))
        both.append(slice(start, min(size, start + MOST)))
    return both[0], both[1]


def _caption(
    value: Value | None, data: np.ndarray, shown: np.ndarray, cut: tuple[object, ...], first: Index | None
) -> Text:
    parts = []
    if value is not None:
        parts.append(Text(en=f"{value.dtype} {list(value.shape)}", zh=f"{value.dtype} {list(value.shape)}"))
    if shown.size < data.size:
        part = ", ".join(f"{c.start}:{c.stop}" if isinstance(c, slice) else str(c) for c in cut)
        parts.append(CUT.format(part=f"[{part}]", whole=list(data.shape)))
    if first is not None:
        parts.append(FIRST.format(where=list(first)))
    if not parts:
        return Text(en="yours − expected", zh="你的结果 − 应为")
    return Text(en="; ".join(p.en for p in parts), zh="；".join(p.zh for p in parts))  # fmt: skip


def _shades(shown: np.ndarray) -> tuple[tuple[float, ...], ...]:
    size = np.abs(shown.astype(complex) if shown.dtype.kind == "c" else shown.astype(float))
    largest = float(np.max(size, where=np.isfinite(size), initial=0.0)) or 1.0
    sign = np.where(shown.real < 0, -1.0, 1.0)
    scaled = np.where(np.isfinite(size), size / largest, 1.0) * sign
    return tuple(tuple(float(x) if math.isfinite(x) else 0.0 for x in row) for row in scaled)
