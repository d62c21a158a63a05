"""Small bar charts as inline SVG: no script, no picture file, readable without colour."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

_WIDTH, _HEIGHT, _BASE, _TOP = 320, 132, 24, 18
_STEPS = 8


def bins(scores: Sequence[float], most: float) -> list[tuple[str, int]]:
    """Labels and counts over 0 … ``most`` points: one bin for each score met, or eight equal ones for many."""
    rounded = sorted({round(score, 2) for score in (*scores, 0.0, most)})
    if len(rounded) <= _STEPS + 1:
        return [(f"{value:g}", sum(abs(score - value) < 0.005 for score in scores)) for value in rounded]
    width = most / _STEPS
    counts = [0] * _STEPS
    for score in scores:
        counts[min(int(score / width), _STEPS - 1)] += 1
    return [(f"{i * width:.3g}–{(i + 1) * width:.3g}", count) for i, count in enumerate(counts)]


def histogram(counted: Sequence[tuple[str, int]], description: str) -> Markup:
    """A bar for each bin, its count above and its label below. description: the same in words, for screen readers."""
    most = max((count for _, count in counted), default=0) or 1
    step = _WIDTH / max(len(counted), 1)
    bar = min(step * 0.72, 46)
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(description, quote=True)}" '
        f'class="histogram"><title>{escape(description)}</title>'
    ]
    floor = _HEIGHT - _BASE
    for index, (label, count) in enumerate(counted):
        tall = (floor - _TOP) * count / most
        middle = step * (index + 0.5)
        kind = "full" if index == len(counted) - 1 else "none" if index == 0 else "part"
        parts.append(
            f'<rect class="{kind}" x="{middle - bar / 2:.1f}" y="{floor - tall:.1f}" width="{bar:.1f}" '
            f'height="{tall:.1f}" rx="2"/>'
            f'<text class="count" x="{middle:.1f}" y="{floor - tall - 5:.1f}">{count or ""}</text>'
            f'<text class="label" x="{middle:.1f}" y="{_HEIGHT - 7}">{escape(label)}</text>'
        )
    parts.append(f'<line x1="0" y1="{floor}" x2="{_WIDTH}" y2="{floor}"/></svg>')
    return Markup("".join(parts))  # noqa: S704 - every word in it was escaped above


def described(counted: Sequence[tuple[str, int]], title: str) -> str:
    """A chart in words, in both languages."""
    filled = [(label, count) for label, count in counted if count]
    en = "; ".join(f"{label} points: {count}" for label, count in filled) or "no submissions"
    zh = "；".join(f"{label} 分：{count} 人" for label, count in filled) or "没有提交"
    return f"{title}: {en}. {zh}。"
