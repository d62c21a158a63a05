"""Two-sided comments: ``# English | 中文``.

A comment is split at its last `` | `` that has no Chinese on its left and some on its right. Bars inside brackets or
backticks belong to a formula (``# P(y | x)``) and never split. No bar means: the same words for both languages.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

# Ideographs; Chinese and full-width punctuation counts, so that a stray full-width comma is seen.
CJK = re.compile(
    r"[\u2e80-\u2fdf\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff65\uffe0-\uffe6\U00020000-\U0003ffff]"
)
_PREFIX = re.compile(r"#+[:!]?\s*")


class CommentError(Exception):
    """A comment breaks the rules; ``line`` counts from 1 within the source."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Comment:
    """A comment token: the place of its ``#`` (line from 1, column from 0), its text and its sides."""

    line: int
    column: int
    text: str
    en: str
    zh: str

    @property
    def two_sided(self) -> bool:
        return self.en != self.zh


def has_cjk(text: str) -> bool:
    """Whether a text holds Chinese characters or Chinese punctuation."""
    return CJK.search(text) is not None


def split_comment(text: str) -> tuple[str, str]:
    """The (English, Chinese) sides of a comment, each with its ``#``; the same text twice where it has no bar.

    Raises ValueError where it has Chinese and no bar to split at.
    """
    if not has_cjk(text):
        return text, text
    prefix_match = _PREFIX.match(text)
    prefix = prefix_match.group() if prefix_match else ""
    body = text[len(prefix) :]
    for start in reversed(list(_outer_bars(body))):
        left, right = body[:start].rstrip(), body[start + 3 :].strip()
        if left and not has_cjk(left) and has_cjk(right):
            return prefix + left, prefix + right
    raise ValueError(f"the comment {text!r} has Chinese but no side of its own for it; write `# English | 中文`")


def comments(source: str) -> list[Comment]:
    """All comments of a cell's code, in order. Raises CommentError where one breaks the rules or the code cannot be
    tokenized."""
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                line, column = token.start
                try:
                    found.append(Comment(line, column, token.string, *split_comment(token.string)))
                except ValueError as error:
                    raise CommentError(line, str(error)) from None
    except tokenize.TokenError as error:
        raise CommentError(error.args[1][0], f"the code is not complete Python: {error.args[0]}") from None
    except SyntaxError as error:  # IndentationError, from dedents that fit nothing
        raise CommentError(error.lineno or 1, f"the code is not Python: {error.msg}") from None
    return found


def for_language(source: str, language: str) -> str:
    """The code with the comments of one language: ``"en"``, ``"zh"`` or ``"both"`` (unchanged).

    Raises CommentError where a comment breaks the rules, ValueError for another language.
    """
    if language not in ("en", "zh", "both"):
        raise ValueError(f"unknown language {language!r}: choose en, zh or both")
    found = comments(source)
    if language == "both":
        return source
    lines = source.split("\n")
    for comment in found:
        if comment.two_sided:
            code = lines[comment.line - 1][: comment.column]
            lines[comment.line - 1] = code + (comment.en if language == "en" else comment.zh)
    return "\n".join(lines)


def _outer_bars(body: str) -> Iterator[int]:
    """Where `` | `` stands outside brackets and backticks. Any closer closes any opener: ``[0, 1)`` is an interval."""
    depth = 0
    quoted = False
    for index, char in enumerate(body):
        if char == "`":
            quoted = not quoted
        elif quoted:
            continue
        elif char in "([{（【":
            depth += 1
        elif char in ")]}）】":
            depth = max(depth - 1, 0)
        elif not depth and body.startswith(" | ", index):
            yield index
