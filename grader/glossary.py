"""The course's terms (notebooks/glossary.yml): how each English term is said in Chinese, and how it must not be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_KEYS = {"en", "zh", "never", "optional", "anywhere"}


class GlossaryError(Exception):
    """The glossary file breaks its own rules."""


@dataclass(frozen=True)
class Term:
    """One term. ``zh[0]`` is the rendering to prefer, the others are accepted.

    optional: the English word also has an everyday sense, so a missing rendering is no error.
    anywhere: the forbidden renderings are wrong whatever the English says.
    """

    en: tuple[str, ...]
    zh: tuple[str, ...]
    never: tuple[str, ...] = ()
    optional: bool = False
    anywhere: bool = False

    def pattern(self) -> re.Pattern[str]:
        """Matches any English form, plural or not, hyphen or space."""
        forms = (re.escape(form).replace(r"\ ", "[ -]").replace(r"\-", "[ -]?") for form in self.en)
        return re.compile(rf"(?<![\w-])(?:{'|'.join(forms)})(?:e?s)?(?!\w)", re.IGNORECASE)


def read_glossary(path: Path) -> tuple[Term, ...]:
    """The terms, longest English first. Raises GlossaryError where the file is missing or malformed."""
    import yaml

    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise GlossaryError(f"{path}: {error}") from None
    if not isinstance(raw, list):
        raise GlossaryError(f"{path}: a list of terms is expected")
    terms = [_term(entry, path) for entry in raw]
    seen: set[str] = set()
    for term in terms:
        for form in term.en:
            if form in seen:
                raise GlossaryError(f"{path}: {form!r} stands twice")
            seen.add(form)
    return tuple(sorted(terms, key=lambda term: -max(map(len, term.en))))


def lint(terms: tuple[Term, ...], en: str, zh: str, required: bool = True) -> Iterator[str]:
    """One sentence per forbidden and, if ``required``, per missing rendering in a pair of texts.

    A longer term hides the shorter in it: “loss function” is not judged as “loss” again.
    """
    # Judged on the text without spaces: a rendering may be broken over two lines.
    chinese = re.sub(r"\s+", "", zh)
    for term in terms:
        pattern = term.pattern()
        used = pattern.search(en)
        en = pattern.sub(lambda match: " " * len(match.group()), en)
        if not (used or term.anywhere):
            continue
        rest = _without(chinese, term.zh)
        bad = [word for word in term.never if word in rest]
        if bad:
            yield f"“{bad[0]}” is not how {term.en[0]!r} is said here; write {' or '.join(term.zh)}"
        elif used and required and not term.optional and not (_said(term, chinese) or _cited(used.group(), zh)):
            yield f"English says {used.group()!r}, Chinese has no {' or '.join(term.zh)}; use the term or rephrase both"


def _said(term: Term, chinese: str) -> bool:
    return any(word.lower() in chinese.lower() for word in term.zh)


def _cited(words: str, zh: str) -> bool:
    """Whether the English words are a title (they have capitals) and stand in the Chinese as they are."""
    return words != words.lower() and words in zh


def _without(text: str, words: tuple[str, ...]) -> str:
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "\n")
    return text


def _term(entry: object, path: Path) -> Term:
    if not (isinstance(entry, dict) and {"en", "zh"} <= set(entry) <= _KEYS):
        raise GlossaryError(
            f"{path}: {entry!r}: a term has en, zh and perhaps {', '.join(sorted(_KEYS - {'en', 'zh'}))}"
        )

    def words(key: str) -> tuple[str, ...]:
        value = entry.get(key) or []
        listed = [value] if isinstance(value, str) else value
        if not (isinstance(listed, list) and all(isinstance(word, str) and word for word in listed)):
            raise GlossaryError(f"{path}: {entry!r}: {key} is a word or a list of words")
        return tuple(listed)

    term = Term(words("en"), words("zh"), words("never"), bool(entry.get("optional")), bool(entry.get("anywhere")))
    if set(term.never) & set(term.zh):
        raise GlossaryError(f"{path}: {term.en[0]!r}: a rendering is both accepted and forbidden")
    return term
