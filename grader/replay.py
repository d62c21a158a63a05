"""Comes to a mark a second time, from its receipt: the same bytes, the same exercises, the same hidden cases.

What must be equal is the receipt's record of every exercise, to the last digit: verdicts, points, properties, cases
passed, misconceptions. A receipt whose submission or exercises are other ones today cannot be replayed, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from course_lib.text import Text
from grader.course import Course
from grader.lesson import read_lesson
from grader.receipts import Receipt, digest, environment, exercise_receipt, read_receipt
from grader.reference import exercise_hashes
from grader.single import Grader

MISSING = Text(en="the submission is no longer there", zh="提交的文件已经不在了")
OTHER_FILE = Text(
    en="the submission is another file than the one that was graded", zh="提交的文件已不是当时评阅的那一份"
)
OTHER_EXERCISES = Text(
    en="exercises have changed since: {names}; grade again to have them judged anew",
    zh="练习在此之后有改动：{names}；请重新评分",
)
DIFFERENT = Text(en="{what}: {before} then, {after} now", zh="{what}：当时 {before}，现在 {after}")
OTHER_MACHINE = Text(
    en="it was graded with {before}; here is {after}", zh="当时的环境是 {before}，现在的环境是 {after}"
)


@dataclass(frozen=True)
class Replayed:
    """One receipt and what came of it. why: the reasons it could not be replayed, or every difference."""

    student: str
    lesson: str
    score: float
    verdict: str  # same | different | impossible
    why: tuple[Text, ...] = ()


def replay(
    out: Path,
    course: Course,
    students: Iterable[str] = (),
    lesson: str | None = None,
    isolation: str = "bubblewrap",
    step: Callable[[int, int, str], None] = lambda done, of, student: None,
) -> Iterator[Replayed]:
    """Replays the receipts in a folder that ``grader grade`` wrote: all of them, or some students'.

    Raises FileNotFoundError where there is no such receipt, ReceiptError for a damaged one.
    """
    wanted = set(students)
    paths = sorted(path for path in (out / "receipts").glob("*/*.json") if not wanted or path.stem in wanted)
    if lesson is not None:
        lesson_id = course.lesson(lesson).id
        paths = [path for path in paths if path.parent.name == lesson_id]
    missing = wanted - {path.stem for path in paths}
    if missing or not paths:
        raise FileNotFoundError(f"no receipt of {', '.join(sorted(missing)) or 'anybody'} in {out / 'receipts'}")
    receipts = [read_receipt(path) for path in paths]
    graders: dict[tuple[str, int], Grader] = {}
    try:
        for number, receipt in enumerate(receipts):
            step(number, len(receipts), receipt.student)
            yield _one(out, course, receipt, graders, isolation)
    finally:
        for grader in graders.values():
            grader.__exit__(None, None, None)


def _one(
    out: Path, course: Course, receipt: Receipt, graders: dict[tuple[str, int], Grader], isolation: str
) -> Replayed:
    def outcome(verdict: str, *why: Text) -> Replayed:
        return Replayed(receipt.student, receipt.lesson, receipt.score, verdict, why)

    path = out / "submitted" / receipt.student / receipt.lesson / f"{receipt.lesson}.ipynb"
    try:
        blob = path.read_bytes()
    except OSError:
        return outcome("impossible", MISSING)
    if digest(blob) != receipt.sha256:
        return outcome("impossible", OTHER_FILE)
    now = exercise_hashes(read_lesson(course.lesson(receipt.lesson).source))
    before = {e.key.partition(".")[2]: e.hash for e in receipt.exercises}
    if now != before:
        names = sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
        return outcome("impossible", OTHER_EXERCISES.format(names=", ".join(names)))
    key = (receipt.lesson, receipt.seed)
    if key not in graders:
        for other in [k for k in graders if k != key]:  # one sandbox at a time
            graders.pop(other).__exit__(None, None, None)
        graders[key] = Grader(receipt.lesson, seed=receipt.seed, isolation=isolation, course=course.root)
    marked = graders[key].marked(blob)
    packs = graders[key].packs
    found = [
        exercise_receipt(result, pack.exercise_hash, pack.properties)
        for result, pack in zip(marked.results, packs.values(), strict=True)
    ]
    differences = [
        DIFFERENT.format(what=f"{old.key} {name}", before=str(a)[:80], after=str(b)[:80])
        for old, new in zip(receipt.exercises, found, strict=True)
        for name, a, b in _unequal(asdict(old), asdict(new))
    ]
    if not differences:
        return outcome("same")
    here = environment()
    if receipt.environment != here:
        differences.append(OTHER_MACHINE.format(before=_line(receipt.environment), after=_line(here)))
    return outcome("different", *differences)


def _unequal(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in before.keys() | after.keys():
        if before.get(name) != after.get(name):
            yield name, before.get(name), after.get(name)


def _line(machine: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in machine.items())
