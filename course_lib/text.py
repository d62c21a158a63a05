"""Words in two languages.

Every sentence that a student sees is one ``Text``: both sides are written when the sentence is written, and there is
no silent fallback from one language to the other.

The language is, in this order: the environment variable ``COURSE_LANG``; what ``set_language`` was told; the
``"language"`` of the nearest ``course.json`` at or above the working folder (a released bundle has one); else both.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from course_lib.bundle import MANIFEST, bundle_folder

LANGUAGES = ("en", "zh", "both")

_chosen: str | None = None


@dataclass(frozen=True)
class Text:
    """One sentence or label, in English and in Chinese.

    Raises ValueError where a side is missing.
    """

    en: str
    zh: str

    def __post_init__(self) -> None:
        if not (self.en.strip() and self.zh.strip()):
            raise ValueError(f"a Text needs both languages: en={self.en!r}, zh={self.zh!r}")

    def format(self, **values: object) -> Text:
        """Fill ``{name}`` fields on both sides; a value that is itself a Text gives each side its own words."""
        return Text(
            en=self.en.format(**{k: v.en if isinstance(v, Text) else v for k, v in values.items()}),
            zh=self.zh.format(**{k: v.zh if isinstance(v, Text) else v for k, v in values.items()}),
        )

    def sides(self, language: str | None = None) -> tuple[tuple[str, str], ...]:
        """The sides to show, as (language code, words): one for ``en`` or ``zh``, two for ``both``."""
        wanted = language or current_language()
        if wanted not in LANGUAGES:
            raise ValueError(f"unknown language {wanted!r}: choose one of {', '.join(LANGUAGES)}")
        return tuple((code, getattr(self, code)) for code in ("en", "zh") if wanted in (code, "both"))

    def say(self, language: str | None = None, between: str = "\n") -> str:
        """The words in a language; ``both`` puts ``between`` in the middle, and says equal sides once."""
        return between.join(dict.fromkeys(words for _, words in self.sides(language)))

    @property
    def inline(self) -> str:
        """For labels and table cells: ``en / zh`` when both languages are shown."""
        return self.say(between=" / ")

    def __str__(self) -> str:
        return self.say()


class TextError(Exception):
    """An error that says in both languages what is wrong and what to do: ``text``, and as its message."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.say("both"))
        self.text = text


def set_language(language: str) -> None:
    """Choose ``"en"``, ``"zh"`` or ``"both"`` for this session. Raises ValueError for anything else."""
    global _chosen
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}: choose one of {', '.join(LANGUAGES)}")
    _chosen = language


def current_language() -> str:
    """The language in force: ``"en"``, ``"zh"`` or ``"both"``. ValueError where ``COURSE_LANG`` is none of them."""
    from_environment = os.environ.get("COURSE_LANG")
    if from_environment:
        if from_environment not in LANGUAGES:
            raise ValueError(f"COURSE_LANG is {from_environment!r}: choose one of {', '.join(LANGUAGES)}")
        return from_environment
    return _chosen or _language_of_bundle(Path.cwd()) or "both"


def _language_of_bundle(folder: Path) -> str | None:
    found = bundle_folder(folder)
    if found is None:
        return None
    try:
        about = (found / MANIFEST).stat()
    except OSError:
        return None
    return _language_in(found / MANIFEST, (about.st_mtime_ns, about.st_ino, about.st_size))


@lru_cache(maxsize=8)
def _language_in(manifest: Path, state: tuple[int, ...]) -> str | None:
    """state: changes with the file, so that a running kernel speaks the new language at once when it is switched."""
    try:
        language = json.loads(manifest.read_text(encoding="utf-8")).get("language")
    except (OSError, ValueError, AttributeError):
        return None
    return language if language in LANGUAGES else None


def say(text: Text, **values: object) -> None:
    """Print a Text in the current language, its ``{fields}`` filled in."""
    print(text.format(**values) if values else text)


def digits(number: object, n: int = 4) -> str:
    """A number with ``n`` significant digits, so that it reads the same on another CPU, thread count or GPU."""
    return f"{float(number):.{n}g}"  # type: ignore[arg-type]
