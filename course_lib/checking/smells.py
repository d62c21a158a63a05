"""Lines that are nearly always mistakes, found in the text of a student's function. Only shown beside a wrong result,
and only one: a line to look at, not a verdict."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from course_lib.text import Text

# Methods that give a new array and leave the old one as it is.
_PURE = frozenset(
    [
        "T",
        "view",
        "reshape",
        "transpose",
        "permute",
        "squeeze",
        "unsqueeze",
        "flatten",
        "expand",
        "sum",
        "mean",
        "astype",
        "clone",
        "detach",
        "copy",
        "float",
        "double",
        "long",
        "add",
        "sub",
        "mul",
        "div",
        "matmul",
        "clamp",
        "relu",
        "softmax",
    ]
)


@dataclass(frozen=True)
class Smell:
    """line: counted in the cell."""

    code: str
    line: int
    text: Text


RETURN_IN_LOOP = Text(
    en="Line {line}: this `return` stands inside the loop, so the loop ends in its first round. Indent it as far as the "
    "`for` or `while`.",
    zh="第 {line} 行：这个 `return` 写在循环里面，循环第一圈就结束了。请把它的缩进退到与 `for` 或 `while` 对齐。",
)
NO_RETURN = Text(
    en="The function that begins in line {line} has no `return`, so it gives None.",
    zh="从第 {line} 行开始的函数里没有 `return`，所以它的结果是 None。",
)
COMPARED = Text(
    en="Line {line}: `==` only compares, and its answer is thrown away. `=` assigns.",
    zh="第 {line} 行：`==` 只做比较，比较的结果没有用上。赋值要写 `=`。",
)
THROWN_AWAY = Text(
    en="Line {line}: this makes a new value and throws it away. Keep it: `x = x.…`.",
    zh="第 {line} 行：这里得到了一个新的值，却没有保存下来。请写成 `x = x.…`。",
)


def look(source: str, name: str) -> Smell | None:
    """The first suspicious line of the function or class that a cell's text defines; None where there is none, or
    where the text cannot be read."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None
    kinds = (ast.FunctionDef, ast.ClassDef)
    named = [node for node in ast.walk(tree) if isinstance(node, kinds) and node.name == name]
    for search in _SEARCHES if named else ():
        found = next(search(named[-1]), None)
        if found is not None:
            return found
    return None


def _return_in_loop(node: ast.AST) -> Iterator[Smell]:
    for loop in ast.walk(node):
        if isinstance(loop, (ast.For, ast.While, ast.AsyncFor)):
            for step in loop.body:
                if isinstance(step, ast.Return):
                    yield Smell("return-in-loop", step.lineno, RETURN_IN_LOOP.format(line=step.lineno))


def _no_return(node: ast.AST) -> Iterator[Smell]:
    gives = (ast.Return, ast.Yield, ast.YieldFrom, ast.Raise)
    if isinstance(node, ast.FunctionDef) and not any(isinstance(part, gives) for part in ast.walk(node)):
        yield Smell("no-return", node.lineno, NO_RETURN.format(line=node.lineno))


def _compared(node: ast.AST) -> Iterator[Smell]:
    for part in ast.walk(node):
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Compare):
            yield Smell("compared", part.lineno, COMPARED.format(line=part.lineno))


def _thrown_away(node: ast.AST) -> Iterator[Smell]:
    for part in ast.walk(node):
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            called = part.value.func
            if isinstance(called, ast.Attribute) and called.attr in _PURE:
                yield Smell("thrown-away", part.lineno, THROWN_AWAY.format(line=part.lineno))


_SEARCHES: tuple[Callable[[ast.AST], Iterator[Smell]], ...] = (_return_in_loop, _no_return, _compared, _thrown_away)
