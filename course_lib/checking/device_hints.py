"""Which of an exercise's named device mistakes an answer has made, told by what the simulated device saw of it.

Data and pure functions, without torch: packs hold the signs of the named mistakes, and none of their code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from course_lib.checking.results import Hint
from course_lib.text import Text

if TYPE_CHECKING:
    from course_lib.checking.simulated import Slip


@dataclass(frozen=True)
class Sign:
    """The first slip of an answer on one case, without any of its code; the fields are those of ``simulated.Slip``.

    after: how many values the probe had seen when it stopped there.
    """

    kind: str
    operation: str
    shapes: tuple[tuple[int, ...], ...] = ()
    origin: str = ""
    after: int = 0


@dataclass(frozen=True)
class DeviceMistake:
    """A named answer that is right on the CPU and not on a GPU. signs: for each public case, in their order, what it
    shows there; None where a case goes through."""

    code: str
    misconception: Text
    hint: Hint
    signs: tuple[Sign | None, ...]


def sign_of(slips: Sequence[Slip], after: int = 0) -> Sign | None:
    """The sign of one case: what comes after the first slip only follows from it."""
    if not slips:
        return None
    first = slips[0]
    # A result that is on the CPU stops nothing, and is a value itself.
    return Sign(first.kind, first.operation, first.shapes, first.origin, 0 if first.kind == "returned" else after)


def recognise(known: Sequence[DeviceMistake], seen: Sequence[Sign | None]) -> DeviceMistake | None:
    """The mistake with exactly these signs; failing that, the one with the same signs but for the shapes, if all such
    agree on their hint. None for an answer without a slip."""
    if not any(seen):
        return None
    for mistake in known:
        if mistake.signs == tuple(seen):
            return mistake
    alike = [mistake for mistake in known if _rough(mistake.signs) == _rough(seen)]
    return alike[0] if alike and len({mistake.hint for mistake in alike}) == 1 else None


def _rough(signs: Sequence[Sign | None]) -> list[Sign | None]:
    # Zeros of another shape are the same mistake. An array of another shape may be another one: only its shape tells
    # what is asked of NumPy.
    return [replace(sign, shapes=()) if sign is not None and sign.kind == "mixed" else sign for sign in signs]
