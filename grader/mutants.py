"""Automatic mutants of a reference: the small slips that a check should notice, made from its syntax tree.

One change each, between the SOLUTION marks: another operator, a comparison's border or its opposite, another constant,
another axis, a product the other way round, a transpose or a copy left out, ``sum`` for ``mean`` and its like, a
condition that always or never holds, a guard such as ``no_grad`` taken away, a line dropped. Pure functions.
"""

from __future__ import annotations

import ast
import copy
import io
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grader.reference import BEGIN, END

_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
# Each comparison's border moved by one, and its opposite.
_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ALIKE = {
    "sum": "mean",
    "mean": "sum",
    "max": "min",
    "min": "max",
    "amax": "amin",
    "amin": "amax",
    "argmax": "argmin",
    "argmin": "argmax",
    "maximum": "minimum",
    "minimum": "maximum",
    "any": "all",
    "all": "any",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
    "exp": "log",
    "log": "exp",
    "sin": "cos",
    "cos": "sin",
    "add_": "sub_",
    "sub_": "add_",
    "mul_": "div_",
    "div_": "mul_",
}
# Calls and attributes that turn or copy what they stand behind, or change how it is kept; without them it still runs.
_LEFT_OUT = {
    "T",
    "mT",
    "H",
    "t",
    "transpose",
    "swapaxes",
    "permute",
    "flip",
    "copy",
    "clone",
    "detach",
    "contiguous",
    "squeeze",
    "unsqueeze",
    "flatten",
    "sqrt",
    "abs",
    "square",
    "double",
    "float",
    "to",
    "item",
    "tolist",
    "requires_grad_",
    "sign",
    "reversed",
}
_AXES = ("axis", "dim")


@dataclass(frozen=True)
class Mutant:
    """One changed reference. line: the changed line as it was, without its comment; change: ``old -> new``, or
    ``dropped`` for a whole statement."""

    line: str
    change: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.line}   [{self.change}]"


def mutants(source: str) -> list[Mutant]:
    """The mutants of a solution cell in the order of its lines, none equal to the cell or to another by its tree."""
    lines = source.split("\n")
    first = next(n for n, line in enumerate(lines, 1) if line.strip() == BEGIN)
    last = next(n for n, line in enumerate(lines, 1) if line.strip() == END)
    tree = ast.parse(source)
    seen = {ast.dump(tree)}
    found = []
    for node in _inside(tree, first, last):
        for replacement in _replacements(node):
            mutant = _changed(source, lines, node, replacement)
            try:
                dump = ast.dump(ast.parse(mutant.source))
            except (SyntaxError, ValueError):
                continue
            if dump not in seen:
                seen.add(dump)
                found.append(mutant)
    return found


def _inside(tree: ast.Module, first: int, last: int) -> list[ast.stmt | ast.expr]:
    """The nodes between two lines, in the order of the text; no docstrings, annotations or parts of f-strings."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.update(ast.walk(node))
        if isinstance(node, ast.JoinedStr):
            skipped.update(set(ast.walk(node)) - {node})
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            skipped.update(part for argument in node.exc.args for part in ast.walk(argument))
        for field in ("annotation", "returns"):
            if isinstance(part := getattr(node, field, None), ast.AST):
                skipped.update(ast.walk(part))
    chosen = [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.stmt, ast.expr)) and node not in skipped and first < node.lineno < last
    ]
    for node in chosen:
        for keyword in getattr(node, "keywords", ()):
            if keyword.arg in _AXES:
                keyword.value.is_axis = True
        if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            node.operand.is_signed = True  # type: ignore[attr-defined]
    return sorted(chosen, key=lambda node: (node.lineno, node.col_offset, -(node.end_col_offset or 0)))


def _replacements(node: ast.stmt | ast.expr) -> Iterator[ast.AST | None]:
    """What may stand in place of a node; None means nothing at all (for a statement, ``pass``)."""
    if isinstance(node, ast.stmt):
        yield from _of_statement(node)
    else:
        yield from _of_expression(node)


def _of_statement(node: ast.stmt) -> Iterator[ast.AST | None]:
    if isinstance(node, ast.AugAssign) and type(node.op) in _OPERATORS:
        yield _with(node, op=_OPERATORS[type(node.op)]())
        yield ast.copy_location(ast.Assign([node.target], node.value), node)
    if isinstance(node, ast.If):
        yield _with(node, test=ast.Constant(True))
        yield _with(node, test=ast.Constant(False))
    if isinstance(node, ast.With):
        yield ast.copy_location(ast.If(ast.Constant(True), node.body, []), node)
    if isinstance(node, (ast.Break, ast.Continue)):
        yield ast.Continue() if isinstance(node, ast.Break) else ast.Break()
    if not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass)):
        yield None


def _of_expression(node: ast.expr) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            if type(op) in _OPERATORS:
                yield _with(node, op=_OPERATORS[type(op)]())
            if isinstance(op, (ast.MatMult, ast.Sub, ast.Div)):
                yield _with(node, left=right, right=left)
        case ast.UnaryOp(op=ast.USub() | ast.Not() | ast.Invert(), operand=operand):
            yield operand
            if isinstance(operand, ast.Constant) and isinstance(operand.value, int):
                yield ast.UnaryOp(ast.USub(), ast.Constant(operand.value + 1))
        case ast.Compare(ops=[op], left=left, comparators=[right]):
            for other in _COMPARISONS[type(op)]:
                yield ast.Compare(left, [other()], [right])
        case ast.BoolOp(op=op):
            yield _with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.IfExp(body=body, orelse=orelse):
            yield body
            yield orelse
        case ast.Constant(value=value) if not hasattr(node, "is_signed"):
            yield from _other_constants(value, hasattr(node, "is_axis"))
        case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in _LEFT_OUT and not _is_module(value):
            yield value
        case ast.Call(func=ast.Name(id=name), args=[only]) if name in _LEFT_OUT:
            yield only
        case ast.Call(func=ast.Attribute(value=value, attr=name), args=[only]) if name in _LEFT_OUT:
            yield only  # np.sqrt(x)
        case ast.Attribute(value=value, attr=name) if name in ("T", "mT", "H"):
            yield value
    match node:
        case ast.Call(func=ast.Attribute(attr=name) as function) if name in _ALIKE:
            yield _with(node, func=_with(function, attr=_ALIKE[name]))
        case ast.Call(func=ast.Name(id="max" | "min" | "any" | "all" as name)):
            yield _with(node, func=ast.Name(_ALIKE[name]))


def _other_constants(value: object, is_axis: bool) -> Iterator[ast.AST]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(0 if is_axis and value == 1 else value + 1)
    elif isinstance(value, float):
        yield ast.Constant(value * 2 if value else 1.0)


def _is_module(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("np", "torch", "math", "F", "nn")


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _changed(source: str, lines: list[str], node: ast.stmt | ast.expr, replacement: ast.AST | None) -> Mutant:
    """The cell with a node's text replaced; the rest of it keeps its layout and its comments."""
    raw = source.encode()
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()) + 1)
    start = starts[node.lineno - 1] + node.col_offset
    end = starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
    new = "pass" if replacement is None else ast.unparse(ast.fix_missing_locations(copy.deepcopy(replacement)))
    if isinstance(node, ast.stmt):
        indent = " " * node.col_offset
        text = new.replace("\n", f"\n{indent}")
    else:
        text = f"({new})" if isinstance(replacement, (ast.BinOp, ast.Compare, ast.BoolOp, ast.IfExp)) else new
    if replacement is None:
        change = "dropped"
    elif isinstance(node, (ast.If, ast.With)):  # their first line says enough
        change = f"{_flat(ast.unparse(node).partition(chr(10))[0])} -> {_flat(new.partition(chr(10))[0])}"
    else:
        change = f"{_flat(ast.unparse(node))} -> {_flat(new)}"
    line = _without_comment(lines[node.lineno - 1])
    return Mutant(line, change, (raw[:start] + text.encode() + raw[end:]).decode())


def _flat(text: str) -> str:
    return " ".join(text.split())


def _without_comment(line: str) -> str:
    """The line without its comment; a line of a longer statement is read token by token as far as that goes."""
    tokens = tokenize.generate_tokens(io.StringIO(line.strip()).readline)
    read: Callable[[], tokenize.TokenInfo] = tokens.__next__
    while True:
        try:
            token = read()
        except (StopIteration, tokenize.TokenError, IndentationError):
            return line.strip()
        if token.type == tokenize.COMMENT:
            return line.strip()[: token.start[1]].rstrip()
