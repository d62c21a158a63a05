"""A Text as HTML: every word escaped, each language marked for the voice of a screen reader."""

from __future__ import annotations

from html import escape

from course_lib.text import Text

CODES = {"en": "en", "zh": "zh-CN"}


def spans(text: Text, language: str | None = None) -> str:
    """In one line; sides that are the same are said once."""
    if text.en == text.zh:
        return escape(text.en)
    return " / ".join(f'<span lang="{CODES[code]}">{escape(words)}</span>' for code, words in text.sides(language))


def paragraphs(text: Text, language: str | None = None) -> str:
    """A paragraph for each language that is shown."""
    return "".join(f'<p lang="{CODES[code]}">{escape(words)}</p>' for code, words in text.sides(language))
