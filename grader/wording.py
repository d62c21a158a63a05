"""The bilingual records in Python code, ``Text(en=…, zh=…)``, and Chinese that stands outside them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

from grader.anatomy import GAP
from grader.comments import split_comment

_FIELD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Words:
    """One ``Text(…)`` call: its line (from 1) and both its sides, with ``{…}`` for what is filled in."""

    line: int
    en: str
    zh: str


def texts(source: str) -> list[Words]:
    """The Text records of a piece of code whose sides are written there. Raises SyntaxError where it is no Python."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if _is_text(node):
            en, zh = _sides(node)
            if en is not None and zh is not None:
                found.append(Words(node.lineno, en, zh))
    return found


def stray_strings(source: str) -> Iterator[tuple[int, str]]:
    """(line, string) for each string with Chinese outside a Text record. Docstrings do not count, nor does a string
    that has both its sides, ``English | 中文``."""
    tree = ast.parse(source)
    excused: set[ast.AST] = set()
    for node in ast.walk(tree):
        if _is_text(node):
            excused.update(ast.walk(node))
        elif isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr):
                excused.add(first.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in excused:
            try:
                split_comment(node.value)
            except ValueError:
                yield node.lineno, node.value


def fields(text: str) -> set[str]:
    """What stands between braces. Words chosen there (``{'s' if n > 1 else ''}``) belong to one language and are left
    out."""
    plain = (field for field in _FIELD.findall(text) if not set(field) & {"'", '"'})
    return {re.sub(r"\.(en|zh)$", "", field) for field in plain}


def unfilled(text: str) -> str:
    """A text without what is filled in: a field beside a space leaves a GAP, one among Chinese leaves nothing."""

    def one(match: re.Match[str]) -> str:
        around = text[max(match.start() - 1, 0) : match.start()] + text[match.end() : match.end() + 1]
        return GAP if " " in around else ""

    return _FIELD.sub(one, text)


def _is_text(node: ast.AST) -> TypeGuard[ast.Call]:
    if not isinstance(node, ast.Call):
        return False
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)
    return name == "Text"


def _sides(call: ast.Call) -> tuple[str | None, str | None]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    for name, argument in zip(("en", "zh"), call.args, strict=False):
        given.setdefault(name, argument)
    return _literal(given.get("en")), _literal(given.get("zh"))


def _literal(node: ast.AST | None) -> str | None:
    """The text of a string or f-string, or None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                parts.append(str(part.value))
            elif isinstance(part, ast.FormattedValue):
                parts.append("{" + ast.unparse(part.value) + "}")
        return "".join(parts)
    return None
