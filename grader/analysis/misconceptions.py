"""Which wrong answers the class gave: those that an exercise names, and those that several gave without a name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

UNNAMED_FROM = 3  # as many with one behaviour are more than a slip: worth a name and a hint of its own


@dataclass(frozen=True)
class WrongAnswer:
    """One wrong answer. name: the code of the named wrong answer that it was recognised as; behaviour: equal for
    answers with equal outputs and errors, None where that is not known; source: of the file that it came in, by its
    hash."""

    student: str
    exercise: str
    name: str | None
    behaviour: str | None
    source: str = ""


@dataclass(frozen=True)
class Met:
    """A wrong answer that the class met. name: None for one without a name. students: whoever gave it, in an order that
    follows from their files and not from their names: an example is taken from the front."""

    exercise: str
    name: str | None
    students: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.students)


def met(wrong: Iterable[WrongAnswer]) -> list[Met]:
    """The most frequent first. A student counts once for each; answers without a name only where at least
    ``UNNAMED_FROM`` behave alike."""
    groups: dict[tuple[str, str | None, str | None], dict[str, str]] = defaultdict(dict)
    for one in wrong:
        if one.name is not None:
            groups[one.exercise, one.name, None][one.student] = one.source
        elif one.behaviour is not None:
            groups[one.exercise, None, one.behaviour][one.student] = one.source
    found = [
        (Met(exercise, name, tuple(sorted(people, key=lambda s: (people[s], s)))), behaviour or "")
        for (exercise, name, behaviour), people in groups.items()
        if name is not None or len(people) >= UNNAMED_FROM
    ]
    found.sort(key=lambda pair: (-pair[0].count, pair[0].exercise, pair[0].name or "~", pair[1]))
    return [one for one, _ in found]
