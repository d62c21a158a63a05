"""A student's code as an example for all to see: nothing in it may say whose it is.

What is kept is what the lesson itself says: a word of a name or a text stands only where the lesson's own text has it
too. Comments and docstrings go, other texts become "…", other names v1, v2, … in the order in which they appear, and
long numbers, which may be a student's id, "…". Attributes that the code does not make itself are the libraries' and
stay. As a last step the words of everybody's names and ids are searched for; where one is found that the lesson does
not have, there is no example at all.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Collection, Iterable

MAX_LINES = 40
_WORD = re.compile(r"[^\W\d_]+|\d{4,}")
_NAME = re.compile(r"[^\W\d]\w*")
_COMMON = frozenset(dir(builtins)) | frozenset(keyword.kwlist) | {"self", "cls", "np", "torch", "nn", "F", "math", "_"}
_LONG = 10_000
_FORMAT = re.compile(r"\d{0,3}[A-Za-z]?")  # one letter says nothing, and `.3f` neither


def vocabulary(*texts: str) -> frozenset[str]:
    """The names and words of a lesson's own texts."""
    return frozenset(name for text in texts for name in _NAME.findall(text)) | _COMMON


def words_of(names: Iterable[str]) -> frozenset[str]:
    """What names and ids are made of, in small letters: words of at least three letters, or two where they are Chinese,
    numbers of at least four digits, and a whole name written as one word, its family name first or last."""
    found = set()
    for name in names:
        words = [word.casefold() for word in _WORD.findall(name)]
        found |= {*words, "".join(words), "".join(reversed(words))}
    return frozenset(word for word in found if len(word) > 2 or (len(word) == 2 and not word.isascii()))


def anonymous(source: str, known: Collection[str], people: Collection[str]) -> str | None:
    """The functions and classes of a cell without anything that could say whose they are; the whole cell where it has
    none. known: ``vocabulary`` of the lesson; people: ``words_of`` everybody in the class. None where the cell cannot
    be read as Python, holds nothing, or keeps a word that could be a name."""
    try:
        tree = ast.parse(source)
        kept = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)]
        tree.body = list(kept) or tree.body
        text = ast.unparse(ast.fix_missing_locations(_Cleaner(tree, known).visit(tree)))
    except (SyntaxError, ValueError, RecursionError, MemoryError, AttributeError, TypeError):
        return None
    left = {word.casefold() for word in _WORD.findall(text)} - {word.casefold() for word in words_in(known)}
    if not text.strip() or any(_names(word, person) for word in left for person in people):
        return None
    lines = text.splitlines()
    return "\n".join([*lines[:MAX_LINES], "…"] if len(lines) > MAX_LINES else lines)


def _names(word: str, person: str) -> bool:
    """Whether a word is a name, or holds one that is too long to stand in it by chance: `ran` stands in `randn`."""
    return word == person or (person in word and (len(person) >= 5 or not person.isascii()))


def words_in(known: Iterable[str]) -> frozenset[str]:
    return frozenset(word for name in known for word in _WORD.findall(name))


class _Cleaner(ast.NodeTransformer):
    """Puts neutral words in the place of a student's own."""

    def __init__(self, tree: ast.Module, known: Collection[str]) -> None:
        self._known = known
        self._words = {word.casefold() for word in words_in(known)}
        self._new: dict[str, str] = {}
        stored = (n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and not isinstance(n.ctx, ast.Load))
        methods = (n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
        self._made = frozenset((*stored, *methods))

    def _name(self, name: str) -> str:
        if name in self._known or (name.startswith("__") and name.endswith("__")):
            return name
        return self._new.setdefault(name, f"v{len(self._new) + 1}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._name(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self._name(node.arg)
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if node.attr in self._made:
            node.attr = self._name(node.attr)
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self._name(node.name)
        return self._block(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.name = self._name(node.name)
        return self._block(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self._name(node.name)
        return self._block(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = self._name(node.name) if node.name else None
        return self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        if node.arg in self._new:  # an argument of a function of the student's own
            node.arg = self._new[node.arg]
        return self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> ast.AST:
        node.asname = self._name(node.asname) if node.asname else None
        return node

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [self._name(name) for name in node.names]
        return node

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        node.names = [self._name(name) for name in node.names]
        return node

    def visit_MatchAs(self, node: ast.MatchAs) -> ast.AST:
        node.name = self._name(node.name) if node.name else None
        return self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> ast.AST:
        node.name = self._name(node.name) if node.name else None
        return self.generic_visit(node)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> ast.AST:
        node.rest = self._name(node.rest) if node.rest else None
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str):
            words = [word.casefold() for word in re.findall(r"\w+", node.value)]
            if not all(word in self._words or _FORMAT.fullmatch(word) for word in words):
                return ast.copy_location(ast.Constant("…"), node)
        elif isinstance(node.value, bytes):
            return ast.copy_location(ast.Constant(b"..."), node)
        elif isinstance(node.value, int | float | complex) and abs(node.value) >= _LONG:
            return ast.copy_location(ast.Name("…", ast.Load()), node)
        return node

    def _block(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> ast.AST:
        """Without its docstring and other texts that do nothing."""
        self.generic_visit(node)
        node.body = [n for n in node.body if not _is_text(n)] or [ast.Pass()]
        return node


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
