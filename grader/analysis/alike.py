"""Submissions that are wrong in the same way more often than chance explains: a reason to talk, never a proof.

Agreeing on right answers says nothing, so only exercises that both students got wrong are looked at, and how many those
are does not count, either: two weak students share many. What counts is whether the wrong answers there are the *same*
(equal outputs, equal errors), and how rare each of them is. That is the error-similarity analysis of Bellezza and
Bellezza 1989 (Teaching of Psychology 16, 151-155) with a chance of its own for each wrong answer.

The chance c of one wrong answer is estimated from the class and from the exercise:

    c = (count + PRIOR / places) / (wrong + PRIOR)

count: students of the class, this pair among them, who gave it; wrong: all who were wrong; places: in how many places
of the reference an answer can go wrong (operators, calls, indices, constants). A one-liner has two or three, and honest
slips in it coincide often. Counting the pair itself makes c too large: the error is on the side of the students. An
exercise with fewer than ``ENOUGH`` wrong answers does not count at all: the class has not shown what honest ones are.

Two students who are both wrong in the exercises W agree, by chance, in each exercise of W with probability c² on each
answer, independently (an answer that calls an earlier wrong one was probed with correct values; one misconception met
in several exercises counts once). Agreement weighs -log c². ``expected`` is the number of pairs of the *whole class*
whose agreements would weigh at least as much by chance alone: the sum of these probabilities over all pairs, each with
its W. A pair is named where that is at most ``LISTED``: of a hundred classes of honest students one names anybody.
"""

from __future__ import annotations

import ast
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

LISTED = 0.01  # expected pairs
PRIOR = 10.0  # wrong answers that the exercise's own estimate is worth
ENOUGH = 10  # wrong answers in an exercise, or it does not count
_UNIT = 0.01  # nats; weights are counted in steps of this
_PLACES = (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Call, ast.Subscript, ast.AugAssign, ast.keyword)


@dataclass(frozen=True)
class Wrong:
    """One wrong answer: what it did, and which named wrong answer it is, if any."""

    behaviour: str
    name: str | None = None


Class = Mapping[str, Mapping[str, Wrong]]  # student -> exercise -> its wrong answer


@dataclass(frozen=True)
class Rate:
    """One exercise: how many were wrong, in how many ways, and the chance that two honest wrong answers coincide.
    counted: whether there are ENOUGH of them."""

    exercise: str
    wrong: int
    ways: int
    places: int
    rate: float | None
    counted: bool


@dataclass(frozen=True)
class Pair:
    """Two submissions. both_wrong: exercises; agreed: those with the same wrong answer; expected: see above."""

    students: tuple[str, str]
    both_wrong: tuple[str, ...]
    agreed: tuple[str, ...]
    expected: float


def places(source: str) -> int:
    """In how many places of a reference's text an answer can go wrong; at least 2, also for what does not parse."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return 2
    constants = sum(
        isinstance(node, ast.Constant) and not isinstance(node.value, str | bytes | type(...))
        for node in ast.walk(tree)
    )
    return max(2, constants + sum(isinstance(node, _PLACES) for node in ast.walk(tree)))


def rates(wrong: Class, where: Mapping[str, int]) -> list[Rate]:
    """How often honest wrong answers coincide, by exercise in the order of ``where`` (its places)."""
    return [_Exercise(key, _answers(wrong, key), where[key]).rate for key in where]


def pairs(wrong: Class, where: Mapping[str, int]) -> list[Pair]:
    """The pairs that agree more than chance explains, the rarest agreement first. where: each exercise's places."""
    every = [_Exercise(key, _answers(wrong, key), count) for key, count in where.items()]
    exercises = [exercise for exercise in every if exercise.counted]
    students = sorted(wrong)
    if len(students) < 2:
        return []
    masks = np.zeros(len(students), dtype=np.int64)
    weights = np.zeros((len(students), len(students)), dtype=np.int32)
    for bit, exercise in enumerate(exercises):
        answers = exercise.answers
        for numbers in _places_of(answers, students).values():
            weights[np.ix_(numbers, numbers)] += exercise.weight(answers[students[numbers[0]]])
        masks[[i for i, student in enumerate(students) if student in answers]] |= 1 << bit
    expected = _Expected(exercises, Counter(masks.tolist()))
    weights[np.tril_indices(len(students))] = 0
    found = []
    for weight in sorted(set(np.unique(weights).tolist()) - {0}, reverse=True):
        if expected.of(weight) > LISTED:
            break
        for i, j in np.argwhere(weights == weight):
            one = _pair((students[i], students[j]), exercises, expected)
            if one.expected <= LISTED:
                found.append(one)
    return sorted(found, key=lambda pair: (pair.expected, pair.students))


class _Exercise:
    """One exercise's wrong answers, with the chance and the weight of each."""

    def __init__(self, key: str, answers: Mapping[str, Wrong], count: int) -> None:
        self.key, self.answers, self.places = key, answers, max(2, count)
        self._counts = Counter(answer.behaviour for answer in answers.values())
        total = len(answers) + PRIOR
        self._chance = {b: (n + PRIOR / self.places) / total for b, n in self._counts.items()}

    @property
    def counted(self) -> bool:
        return len(self.answers) >= ENOUGH

    def weight(self, answer: Wrong) -> int:
        """What agreeing on this answer weighs, in units."""
        return max(1, round(-2.0 * math.log(self._chance[answer.behaviour]) / _UNIT))

    def distribution(self) -> dict[int, float]:
        """Of the weight of two honest wrong answers: its probabilities, 0 for answers that differ."""
        found: dict[int, float] = defaultdict(float)
        for behaviour, chance in self._chance.items():
            found[self.weight(Wrong(behaviour))] += chance**2
        total = sum(found.values())
        if total > 1.0:
            found = defaultdict(float, {weight: p / total for weight, p in found.items()})
        found[0] = max(0.0, 1.0 - sum(found.values()))
        return dict(found)

    @property
    def rate(self) -> Rate:
        same = 1.0 - self.distribution()[0] if self.answers else None
        return Rate(self.key, len(self.answers), len(self._counts), self.places, same, self.counted)


class _Expected:
    """How many pairs of the class are expected to agree at least so much."""

    def __init__(self, exercises: Sequence[_Exercise], masks: Counter[int]) -> None:
        self._exercises = exercises
        self._pairs: Counter[int] = Counter()  # by the exercises that both got wrong
        several = sorted(masks.items())
        for number, (one, count) in enumerate(several):
            self._pairs[one] += count * (count - 1) // 2
            for other, more in several[number + 1 :]:
                self._pairs[one & other] += count * more
        self._tails: dict[int, np.ndarray] = {}

    def of(self, weight: int) -> float:
        found = 0.0
        for mask, count in self._pairs.items():
            if count and mask:
                tail = self._tail(mask)
                found += count * float(tail[weight]) if weight < len(tail) else 0.0
        return found

    def _tail(self, mask: int) -> np.ndarray:
        """By weight: the probability that a pair that is wrong in these exercises agrees at least so much."""
        if mask not in self._tails:
            chances = np.ones(1)
            for bit, exercise in enumerate(self._exercises):
                if mask >> bit & 1:
                    steps = exercise.distribution()
                    wider = np.zeros(len(chances) + max(steps))
                    for weight, p in steps.items():
                        wider[weight : weight + len(chances)] += p * chances
                    chances = wider
            self._tails[mask] = np.cumsum(chances[::-1])[::-1]
        return self._tails[mask]


def _answers(wrong: Class, key: str) -> dict[str, Wrong]:
    return {student: answers[key] for student, answers in wrong.items() if key in answers}


def _places_of(answers: Mapping[str, Wrong], students: Sequence[str]) -> dict[str, list[int]]:
    """The numbers of the students who gave an answer, by what it does; only those that several gave."""
    found: dict[str, list[int]] = defaultdict(list)
    for number, student in enumerate(students):
        if student in answers:
            found[answers[student].behaviour].append(number)
    return {behaviour: numbers for behaviour, numbers in found.items() if len(numbers) > 1}


def _pair(students: tuple[str, str], exercises: Sequence[_Exercise], expected: _Expected) -> Pair:
    """The pair with what it agrees on; a misconception that it shares in several exercises weighs once, and least."""
    one, other = students
    both = [e for e in exercises if one in e.answers and other in e.answers]
    agreed = [e for e in both if e.answers[one].behaviour == e.answers[other].behaviour]
    weights: dict[str, int] = {}
    for exercise in agreed:
        answer = exercise.answers[one]
        name = f"name {answer.name}" if answer.name is not None else f"key {exercise.key}"
        weights[name] = min(weights.get(name, exercise.weight(answer)), exercise.weight(answer))
    return Pair(students, tuple(e.key for e in both), tuple(e.key for e in agreed), expected.of(sum(weights.values())))
