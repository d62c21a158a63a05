"""Small bar charts as inline SVG: no script, no picture file, readable without colour."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from course_lib.text import Text

_HEIGHT, _BASE, _TOP = 132, 24, 18
NARROW, WIDE = 320, 600  # of a chart in a grid of them, and of one that stands alone
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


def histogram(counted: Sequence[tuple[str, int]], description: str, width: int = NARROW) -> Markup:
    """A bar for each bin, its count above and its label below. description: the same in words, for screen readers."""
    most = max((count for _, count in counted), default=0) or 1
    step = width / max(len(counted), 1)
    bar = min(step * 0.72, 46)
    parts = [
        f'<svg viewBox="0 0 {width} {_HEIGHT}" role="img" aria-label="{escape(description, quote=True)}" '
        f'class="histogram"><title>{escape(description)}</title>'
    ]
    floor = _HEIGHT - _BASE
    for index, (label, count) in enumerate(counted):
        tall = (floor - _TOP) * count / most
        middle = step * (index + 0.5)
        several = "–" in label  # a bin of more than one score is neither all of the points nor none of them
        kind = "part" if several else "full" if index == len(counted) - 1 else "none" if index == 0 else "part"
        parts.append(
            f'<rect class="{kind}" x="{middle - bar / 2:.1f}" y="{floor - tall:.1f}" width="{bar:.1f}" '
            f'height="{tall:.1f}" rx="2"/>'
            f'<text class="count" x="{middle:.1f}" y="{floor - tall - 5:.1f}">{count or ""}</text>'
            f'<text class="label" x="{middle:.1f}" y="{_HEIGHT - 7}">{escape(label)}</text>'
        )
    parts.append(f'<line x1="0" y1="{floor}" x2="{width}" y2="{floor}"/></svg>')
    return Markup("".join(parts))  # noqa: S704 - every word in it was escaped above


def proportion(share: float, description: str) -> Markup:
    """A bar from 0 to 1 with an end mark where 1 is, so that its length can be read without a second colour."""
    words = escape(description, quote=True)
    return Markup(  # noqa: S704 - as above
        f'<svg viewBox="0 0 104 14" role="img" aria-label="{words}" class="proportion"><title>{words}</title>'
        f'<rect x="1" y="3" width="{100 * share:.1f}" height="8"/><path d="M1 0V14M101 0V14"/></svg>'
    )


def interval(value: float, low: float, high: float, description: str) -> Markup:
    """A value in [-1, 1] as a dot on its interval, with a mark at 0."""
    words = escape(description, quote=True)
    at = [f"{52 + 50 * number:.1f}" for number in (value, low, high)]
    return Markup(  # noqa: S704 - as above
        f'<svg viewBox="0 0 104 14" role="img" aria-label="{words}" class="interval"><title>{words}</title>'
        f'<path class="axis" d="M2 7H102M52 1V13"/><path class="range" d="M{at[1]} 7H{at[2]}"/>'
        f'<circle cx="{at[0]}" cy="7" r="3.6"/></svg>'
    )


def described(counted: Sequence[tuple[str, int]], title: Text) -> str:
    """A chart in words, in both languages."""
    filled = [(label, count) for label, count in counted if count]
    en = "; ".join(f"{label} points: {count}" for label, count in filled) or "no submissions"
    zh = "；".join(f"{label} 分：{count} 人" for label, count in filled) or "没有提交"
    return f"{title.en}: {en}. / {title.zh}：{zh}。"
