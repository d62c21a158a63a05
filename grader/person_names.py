"""What people are called by, names and ids alike: which two spellings are the same, and how a name is put together."""

from __future__ import annotations

import re
import unicodedata

_SURNAMES = (
    "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 令狐 慕容 司徒 夏侯 端木 南宫 长孙 宇文 轩辕 独孤 闻人 申屠 太史 万俟"
)
_HAN = r"\u3400-\u9fff\U00020000-\U0003ffff"
_CHINESE = re.compile(rf"[{_HAN}·]+")
_EDGE = re.compile(rf"(?<=[{_HAN}])(?=[a-z0-9])|(?<=[a-z0-9])(?=[{_HAN}])")


def folded(word: str) -> str:
    """For comparing: compatible characters are one, as are capitals and small letters; single blanks."""
    return " ".join(unicodedata.normalize("NFKC", word).casefold().split())


def bare(word: str) -> str:
    """For comparing, without blanks and signs."""
    return "".join(c for c in folded(word) if c.isalnum())


def squashed(name: str) -> tuple[str, ...]:
    """A name in one word, with its accents and without them."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return tuple(dict.fromkeys(form for form in (bare(name), bare(plain)) if form))


def tokens(word: str) -> list[str]:
    """The words in a name, an id or a file's name; Chinese ends where letters or digits begin."""
    found = [token.strip(".@") for token in re.split(r"[\s_,;()\[\]+-]+", _EDGE.sub(" ", folded(word)))]
    return [token for token in found if token]


def joined(first: str, last: str) -> str:
    """The whole name. In Chinese the family's name comes first, with no blank behind it."""
    if _CHINESE.fullmatch(last + first):
        return last + first
    return " ".join(filter(None, (first, last)))


def parts(name: str) -> tuple[str, str]:
    """First and last name. “Lee, Ann” says it; else the last word is the family's, and in Chinese the first character
    or a known pair."""
    last, comma, first = name.replace("，", ",").partition(",")
    if comma:
        return first.strip(), last.strip()
    if _CHINESE.fullmatch(name):
        length = 2 if len(name) > 2 and name[:2] in _SURNAMES.split() else 1
        return name[length:], name[:length]
    first, _, last = name.rpartition(" ")
    return first, last
