"""What must be the same in an English text and its Chinese translation, and what Chinese typography asks for.

The convention for spacing: one space between Chinese and Latin letters, digits, inline code or formulas; none beside
full-width punctuation; a line of Chinese breaks only after punctuation, for a reader sees a line break as a space.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from grader.anatomy import GAP, Anatomy
from grader.comments import has_cjk

IDEOGRAPH = "[\u3400-\u4dbf\u4e00-\u9fff]"
_FULL = "[，。；：？！、（）《》“”【】]"
_WORD = f"[A-Za-z0-9{GAP}]"

_EN_NUMERALS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_ZH_NUMERALS = ("零", "一", "二两双", "三", "四", "五", "六", "七", "八", "九", "十")

# What to look for in Chinese prose, and what to do about it.
_TYPOGRAPHY: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"{IDEOGRAPH}[,;:?]|{IDEOGRAPH}!(?!\[)"), "half-width punctuation after Chinese; write ，；：？！"),
    (re.compile(rf"{IDEOGRAPH}\.(?=\s|$|{IDEOGRAPH})"), "half-width full stop after Chinese; write 。"),
    (re.compile(rf"[,;:?!]{IDEOGRAPH}"), "half-width punctuation before Chinese; write ，；：？！"),
    # Brackets as in f(x) or (2, 3) are no punctuation.
    (re.compile(rf"(?<![\w.])\([^()\n]*{IDEOGRAPH}[^()\n]*\)"), "half-width brackets around Chinese; write （ ）"),
    (re.compile(rf"{IDEOGRAPH}\(|\){IDEOGRAPH}|{IDEOGRAPH} \([A-Za-z -]{{3,}}\)"), "half-width brackets; write （ ）"),
    (re.compile(rf'"{IDEOGRAPH}[^"\n]*"|"[^"\s][^"\n]*{IDEOGRAPH}"'), "straight quotes around Chinese; write “ ”"),
    (
        re.compile(rf"{IDEOGRAPH}{_WORD}|{_WORD}{IDEOGRAPH}"),
        "no space between Chinese and a word, number, code or formula",
    ),
    (re.compile(rf"{IDEOGRAPH} +{IDEOGRAPH}"), "a space between two Chinese characters; take it out"),
    (re.compile(rf"{IDEOGRAPH}\n{IDEOGRAPH}"), "a line break inside Chinese shows as a space; break after punctuation"),
    (re.compile(r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]"), "full-width letters or digits; write them half-width"),
)
# Printed words may be set out in columns, prose may not.
_PROSE_ONLY = (
    (re.compile(rf"[^\s|] +{_FULL}|{_FULL} +(?=[^\s|])"), "a space beside full-width punctuation; take it out"),
)
_EMPHASIS = re.compile(r"(\*\*|\*)(?=[^\s*])([^\n]*?[^\s*])\1(?!\*)")
_PUNCTUATION = rf"[，。；：？！、（）《》“”‘’.,:;?!()\[\]\"'{GAP}]"


def compare(en: Anatomy, zh: Anatomy) -> Iterator[str]:
    """One sentence for each thing in which a translation departs from its original."""
    yield from _differs("heading levels", en.headings, zh.headings)
    yield from _differs("code blocks", en.blocks, zh.blocks)
    yield from _differs("displayed formulas", en.displays, zh.displays)
    yield from _lost("formulas", "$", en.formulas, zh.formulas)
    yield from _lost("inline code", "`", en.code, zh.code)
    yield from _lost("links", "", en.links, zh.links)
    yield from _differs("HTML tags", en.tags, zh.tags)
    yield from _numbers(en, zh)
    yield from _differs("numbers of list items", en.items, zh.items)
    yield from _differs("numbers of table rows", en.rows, zh.rows)


def typography(prose: str, columns: bool = False) -> Iterator[tuple[int, str]]:
    """(line from 0, what is wrong) for Chinese prose from which code, formulas and links are taken out.

    What stands between square brackets is an array, not a sentence. columns: spaces may line words up.
    """
    prose = re.sub(r"\[[^\[\]\n]*\]", GAP, prose)
    for pattern, advice in _TYPOGRAPHY if columns else _TYPOGRAPHY + _PROSE_ONLY:
        for match in pattern.finditer(prose):
            yield prose.count("\n", 0, match.start()), f"{_excerpt(prose, match.start(), match.end())}: {advice}"


def emphasis(marked: str) -> Iterator[tuple[int, str]]:
    """(line from 0, what is wrong) for stars that markdown shows as stars: between punctuation and a letter."""
    for match in _EMPHASIS.finditer(marked):
        start, end, words = match.start(), match.end(), match.group(2)
        before, after = marked[start - 1 : start], marked[end : end + 1]
        opens = not (re.match(_PUNCTUATION, words[0]) and re.match(r"\w", before))
        closes = not (re.match(_PUNCTUATION, words[-1]) and re.match(r"\w", after))
        if not (opens and closes):
            line = marked.count("\n", 0, start)
            yield line, f"{_excerpt(marked, start, end)}: the stars will show; put the punctuation outside of them"


def languages(en: Anatomy, zh: Anatomy) -> Iterator[str]:
    """Whether each side is in its language at all."""
    words = re.search(r"[A-Za-z]{2,}", en.prose)
    if words and not has_cjk(zh.prose):
        yield "the Chinese cell holds no Chinese; translate it"
    chinese = re.search(rf"{IDEOGRAPH}+", en.prose)
    if chinese:
        yield f"the English cell holds Chinese ({chinese.group()}); move it to the Chinese cell"


def _differs(what: str, en: object, zh: object) -> Iterator[str]:
    if en != zh:
        yield f"{what} differ: English {_show(en)}, Chinese {_show(zh)}"


def _lost(what: str, mark: str, en: Iterable[str], zh: Iterable[str]) -> Iterator[str]:
    ours, theirs = Counter(en), Counter(zh)
    for side, missing in (("Chinese", ours - theirs), ("English", theirs - ours)):
        if missing:
            yield f"{what} differ: missing in {side}: {', '.join(f'{mark}{one}{mark}' for one in missing.elements())}"


def _numbers(en: Anatomy, zh: Anatomy) -> Iterator[str]:
    """Digits on one side may be a numeral word on the other (3 exercises, 三道练习)."""
    ours, theirs = Counter(en.numbers), Counter(zh.numbers)

    def unexplained(missing: Counter[str], said: Callable[[int], bool]) -> list[str]:
        return [one for one in missing.elements() if not (one.isdecimal() and int(one) <= 10 and said(int(one)))]

    in_zh = unexplained(ours - theirs, lambda n: any(word in zh.prose for word in _ZH_NUMERALS[n]))
    in_en = unexplained(
        theirs - ours, lambda n: re.search(rf"\b{_EN_NUMERALS[n]}\b", en.prose, re.IGNORECASE) is not None
    )
    for side, missing in (("Chinese", in_zh), ("English", in_en)):
        if missing:
            yield f"numbers differ: missing in {side}: {', '.join(missing)}"


def _show(thing: object) -> str:
    if isinstance(thing, tuple):
        return ", ".join(map(str, thing)) or "none"
    return str(thing)


def _excerpt(text: str, start: int, end: int, around: int = 6) -> str:
    cut = text[max(start - around, 0) : end + around].replace(GAP, "▯").replace("\n", "⏎")
    return f"“{cut}”"
