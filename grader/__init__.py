"""What instructors have: ``grader.grade(notebook)`` from Python, the command ``grader`` for classes.

Nothing heavy is loaded here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.single import Grader, Result, grade

_HOMES = {"Grader": "single", "Result": "single", "grade": "single"}
__all__ = ["Grader", "Result", "grade"]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"grader.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'grader' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
