"""What an attack is, and how all of them are found: every module of this package may have a tuple ``ATTACKS``.

The victim is the toy lesson: two exercises worth 3 and 2 points. An attacker answers the first one honestly and leaves
the second one unanswered, unless the attack says otherwise: 3 points is what honest work is worth, 5 what is aimed at.
A cell that gets at something that it should not prints STOLEN.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nbformat.notebooknode import NotebookNode

TRIED, STOLEN = "TRIED", "STOLEN"
HONEST = 3.0
# In the parent's environment, in the neighbour's notebook, in the reference: none of it may be seen from inside.
SECRET, NEIGHBOUR, REFERENCE = "s3cret-of-the-grader", "n31ghbour-of-yours", "return float(np.sum(x))"
PORT_FILE = "loopback-port"

Maker = Callable[[NotebookNode], "bytes | None"]


@dataclass(frozen=True)
class Attack:
    """One hostile submission.

    cell: code put first, before every answer; after: code put last. answers: in place of the honest ones. make: changes
    the finished notebook, or returns the file's bytes. score: what the honest work in it is worth. event: the code of
    the limit or fault that must be reported. says: words that the feedback page must hold. runs: whether the cell runs
    to its first print. stock: why it is not tried in plain nbgrader, where it is not.
    """

    name: str
    cell: str = ""
    after: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)
    make: Maker | None = None
    score: float = HONEST
    event: str | None = None
    says: str | None = None
    runs: bool = True
    stock: str = ""


def attacks() -> list[Attack]:
    """All of them, by module and in their order. Raises ValueError where two have the same name."""
    package = importlib.import_module(__package__)
    found: list[Attack] = []
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        if not module.name.startswith(("test_", "conftest", "attack", "table")):
            found += getattr(importlib.import_module(f"{__package__}.{module.name}"), "ATTACKS", ())
    names = [attack.name for attack in found]
    if len(set(names)) != len(names):
        raise ValueError(f"two attacks of the same name: {sorted(n for n in names if names.count(n) > 1)}")
    return found
