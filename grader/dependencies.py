"""Which cells does a cell need? Read from the syntax tree: names that a cell binds and names that it uses.

A name inside a function counts unless it is the function's own. Nothing is executed.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Sequence
from functools import lru_cache

_BUILTINS = frozenset(dir(builtins))


@lru_cache(maxsize=4096)
def bound_names(source: str) -> frozenset[str]:
    """Names that a cell binds at top level. A cell that does not parse binds nothing."""
    tree = _parse(source)
    return frozenset() if tree is None else frozenset(_bound(tree.body))


@lru_cache(maxsize=4096)
def names_read(source: str) -> frozenset[str] | None:
    """Names that a cell reads from outside its functions' own scopes, builtins too; None where it does not parse."""
    tree = _parse(source)
    if tree is None:
        return None
    # `x += 1` reads x although the tree and the symbol table say that it is only bound.
    updated = {n.target.id for n in ast.walk(tree) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)}
    try:
        local = {n for scope in _scopes(source) for n in scope}
        return frozenset(_globals_read(symtable.symtable(source, "<cell>", "exec")) | (updated - local))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None  # some mistakes show only here: `nonlocal x` at top level


def used_names(source: str) -> frozenset[str]:
    """The same without builtins, and nothing for a cell that does not parse."""
    return (names_read(source) or frozenset()) - _BUILTINS


def _scopes(source: str) -> list[set[str]]:
    """The local names of every function in a cell."""
    found, waiting = [], list(symtable.symtable(source, "<cell>", "exec").get_children())
    while waiting:
        table = waiting.pop()
        waiting.extend(table.get_children())
        if table.get_type() == "function":
            found.append({s.get_name() for s in table.get_symbols() if s.is_local()})
    return found


def _globals_read(table: symtable.SymbolTable) -> set[str]:
    """Names that a scope or one inside it reads from the notebook: a function's own variables are not among them."""
    top = table.get_type() == "module"
    read = {s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())}
    for child in table.get_children():
        read |= _globals_read(child)
    return read


def needed(sources: Sequence[str], target: int) -> list[int]:
    """Indices of the cells that the target needs, itself included, in their order.

    A name is looked for in the nearest cell above that binds it, then in the first one below: a function may use a
    name that is bound only later.
    """
    binds = [bound_names(source) for source in sources]
    found: set[int] = set()
    waiting = [target]
    while waiting:
        index = waiting.pop()
        if index in found:
            continue
        found.add(index)
        for name in used_names(sources[index]):
            if name in binds[index] and index != target and not _rebinds(sources[index], name):
                continue
            above = [i for i in range(index) if name in binds[i]]
            below = [i for i in range(index + 1, len(sources)) if name in binds[i]]
            if above:
                waiting.append(above[-1])
            elif name not in binds[index] and below:
                waiting.append(below[0])
    return sorted(found)


def _parse(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _bound(body: Sequence[ast.stmt]) -> set[str]:
    names: set[str] = set()
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(statement.name)
            case ast.Import() | ast.ImportFrom():
                names |= {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
            case _:
                names |= _stored(statement)
    return names


def _stored(node: ast.AST) -> set[str]:
    """Names stored in a statement, not those inside functions, classes or comprehensions."""
    names: set[str] = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            continue
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            names.add(child.id)
        if isinstance(child, ast.stmt):
            names |= _bound([child])
        else:
            names |= _stored(child)
    return names


def _rebinds(source: str, name: str) -> bool:
    """Whether a cell both needs a name from elsewhere and binds it anew, as in ``w = w - lr * g``."""
    tree = _parse(source)
    if tree is None:
        return False
    for statement in tree.body:
        reads = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
            reads.add(statement.target.id)
        if name in reads:
            return True
        if name in _bound([statement]):
            return False
    return False
