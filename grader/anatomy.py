"""What a piece of markdown consists of, as far as two languages must agree on it: headings, formulas, code, links,
numbers, lists. Plain text between them is left over for the lints."""

from __future__ import annotations

import re
from dataclasses import dataclass

# What stands in the text for a piece that was taken out; spacing rules see it like a Latin word.
GAP = "\ufffc"

_FENCE = re.compile(r"^[ \t]*(```+|~~~+)[^\n]*\n.*?^[ \t]*\1[ \t]*$", re.M | re.S)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)
_DISPLAY = re.compile(r"\$\$(.+?)\$\$", re.S)
_INLINE = re.compile(r"(?<![\\$])\$(?!\s)([^$]+?)(?<![\s\\])\$(?!\d)")
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
_URL = re.compile(r"<?https?://[^\s<>)\]，。；：（）、”]+>?")
_TAG = re.compile(r"</?[A-Za-z][^>]*>")
_HEADING = re.compile(r"^(#{1,6})\s", re.M)
_ITEM = re.compile(r"^[ \t>]*(?:[-*+]|\d+[.)])\s+", re.M)
_ROW = re.compile(r"^[ \t>]*\|.*$", re.M)
# A number that is no part of a word: not float64, not conv2d; 2nd counts.
_NUMBER = re.compile(
    r"(?<![\w.])(\d{1,3}(?:[, \u202f]\d{3})+(?!\d)|\d+)(\.\d+)?(?:[eE]([-+]?\d+))?"
    r"(?:\s?(万|亿|thousand|million|billion)|(?:st|nd|rd|th)\b|(?![A-Za-z_\d]))"
)
_SCALE = {"万": 4, "亿": 8, "thousand": 3, "million": 6, "billion": 9}


@dataclass(frozen=True)
class Anatomy:
    """The parts of one markdown text. ``marked`` is the text that is left, with GAP where a part was taken out, and
    with as many lines as the text had; ``prose`` is the same without the marks of bold and italics."""

    headings: tuple[int, ...]
    blocks: tuple[str, ...]  # fenced code
    displays: tuple[str, ...]  # $$…$$, in order
    formulas: frozenset[str]  # $…$
    code: frozenset[str]
    links: tuple[str, ...]  # targets of links and images, sorted
    tags: tuple[str, ...]  # HTML tags, in order
    numbers: tuple[str, ...]  # in prose, normalised, sorted
    items: int
    rows: int
    marked: str
    prose: str


def dissect(text: str) -> Anatomy:
    """Takes a markdown text apart."""
    taken: dict[str, list[str]] = {name: [] for name in ("blocks", "code", "displays", "formulas", "links", "tags")}

    def take(
        name: str, pattern: re.Pattern[str], group: int, text: str, keep: int | None = None, gap: str = GAP
    ) -> str:
        def one(match: re.Match[str]) -> str:
            taken[name].append(match.group(group))
            left = match.group(keep) if keep else gap
            return left + "\n" * (match.group().count("\n") - left.count("\n"))

        return pattern.sub(one, text)

    text = take("blocks", _FENCE, 0, text)
    text = take("code", _CODE, 2, text)
    text = take("displays", _DISPLAY, 1, text)
    text = take("formulas", _INLINE, 1, text)
    text = take("links", _LINK, 3, text, keep=2)
    text = take("links", _URL, 0, text)
    text = take("tags", _TAG, 0, text, gap="")
    rows = len(_ROW.findall(text))
    headings = tuple(len(marks) for marks in _HEADING.findall(text))
    items = len(_ITEM.findall(text))
    marked = _ITEM.sub("", _HEADING.sub("", text))
    # A bold end after punctuation needs a space before Chinese, which no reader sees as one.
    prose = re.sub(r"(?<=[，。；：？！、）”》])\*+ ", "", marked)
    prose = re.sub(r"\*\*|__|\*|~~", "", prose)
    return Anatomy(
        headings=headings,
        blocks=tuple(block.strip() for block in taken["blocks"]),
        displays=tuple(map(_formula, taken["displays"])),
        formulas=frozenset(map(_formula, taken["formulas"])),
        code=frozenset(code.strip() for code in taken["code"]),
        links=tuple(sorted(target.replace(".zh.", ".") for target in taken["links"])),
        tags=tuple(tag.lower() for tag in taken["tags"]),
        numbers=tuple(sorted(_number(match) for match in _NUMBER.finditer(prose))),
        items=items,
        rows=rows,
        marked=marked,
        prose=prose,
    )


def _formula(text: str) -> str:
    """A formula as it is compared: without the spaces, and without the words in it."""
    return re.sub(r"\s+", "", re.sub(r"\\text\{[^{}]*\}", r"\\text{}", text))


def _number(match: re.Match[str]) -> str:
    """A number as it is compared: 60,000 and 6 万 are 60000, and 1.50 is 1.5."""
    whole, fraction, exponent, scale = match.groups()
    value = float(re.sub(r"\D", "", whole) + (fraction or ""))
    return f"{value * 10.0 ** (int(exponent or 0) + _SCALE.get(scale or '', 0)):.12g}"
