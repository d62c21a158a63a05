"""A receipt per submission: what was graded, with what, and what came out. Written last, so that a submission without
a receipt is graded again; read by the report, so that a run that skipped what had not changed still reports it all."""

from __future__ import annotations

import hashlib
import json
import platform
import secrets
import sys
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from course_lib.checking.compare import TOLERANCES
from course_lib.checking.results import ExerciseResult
from course_lib.text import Text
from grader.lesson import CHECK_SUFFIX

SCHEMA_VERSION = 1
BATCH = "batch.json"


class ReceiptError(Exception):
    """A receipt cannot be read: damaged, too old or too new."""


@dataclass(frozen=True)
class ExerciseReceipt:
    """One exercise's outcome. Texts are {"en": …, "zh": …}."""

    key: str
    title: dict[str, str]
    hash: str
    verdict: str
    score: float
    max_score: float
    properties: list[dict[str, Any]] = field(default_factory=list)
    misconception: str | None = None
    misconception_label: dict[str, str] | None = None
    notes: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Receipt:
    """One submission's outcome, with all that is needed to come to it again."""

    student: str
    lesson: str
    file: str
    sha256: str
    seed: int
    device: str
    isolation: str
    exercises: list[ExerciseReceipt]
    scores: dict[str, float | None]
    notes: list[dict[str, str]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    problem: dict[str, str] | None = None
    timestamp: str | None = None
    late: bool = False  # whether the platform marked it so
    seconds: float = 0.0  # in the sandbox, the student's own cells and all probes
    cell_seconds: list[float] = field(default_factory=list)  # of the cells that were run, in their order
    cell_ids: list[str] = field(default_factory=list)  # of the same cells; "" for one that is not the lesson's
    elsewhere: dict[str, dict[str, Any]] = field(default_factory=dict)  # by exercise's key, grader.elsewhere.Tried
    traces: dict[str, dict[str, Any]] = field(default_factory=dict)  # by exercise's key, grader.behaviour.Trace
    grader_seconds: float = 0.0  # of the grader's own process, up to the writing of this
    environment: dict[str, str] = field(default_factory=dict)
    tolerances: dict[str, Any] = field(default_factory=lambda: {k: list(v) for k, v in TOLERANCES.items()})
    schema_version: int = SCHEMA_VERSION

    @property
    def score(self) -> float:
        return sum(score or 0.0 for score in self.scores.values())

    @property
    def max_score(self) -> float:
        return sum(exercise.max_score for exercise in self.exercises)

    @property
    def complete(self) -> bool:
        """Whether every exercise got a verdict of its own: a fault of the grader is none."""
        return all(exercise.verdict != "grader_error" for exercise in self.exercises)


def exercise_receipt(result: ExerciseResult, exercise_hash: str, properties: Any) -> ExerciseReceipt:
    """properties: the exercise's PropertySpecs, for the tolerances that were set."""
    own = {p.name: {"rtol": p.rtol, "atol": p.atol} for p in properties}
    return ExerciseReceipt(
        key=result.key,
        title=asdict(result.title),
        hash=exercise_hash,
        verdict=result.verdict,
        score=round(result.score, 6),
        max_score=result.max_score,
        properties=[
            {
                "name": p.name,
                "label": asdict(p.label),
                "points": p.points,
                "max_points": p.max_points,
                "passed": p.passed,
                "cases_passed": p.cases_passed,
                "cases": p.cases,
                "difference": p.difference.reason if p.difference is not None else None,
                "tolerance": own.get(p.name),
            }
            for p in result.properties
        ],
        misconception=result.misconception,
        misconception_label=asdict(result.misconception_label) if result.misconception_label else None,
        notes=[asdict(note) for note in result.notes],
    )


@lru_cache(maxsize=1)
def environment() -> dict[str, str]:
    """What the outcome may depend on."""
    packages = ("torch", "numpy", "nbgrader", "pytorch-course")
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        **{name: metadata.version(name) for name in packages},
    }


def receipt_path(folder: Path, lesson: str, student: str) -> Path:
    return folder / lesson / f"{student}.json"


def write_receipt(folder: Path, receipt: Receipt) -> Path:
    """Whole or not at all."""
    path = receipt_path(folder, receipt.lesson, receipt.student)
    _write(path, asdict(receipt))
    return path


def read_receipt(path: Path) -> Receipt:
    """Raises ReceiptError for one that is damaged, too old or too new, FileNotFoundError for none."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        version = tree["schema_version"]
        if version != SCHEMA_VERSION:
            age = "old" if version < SCHEMA_VERSION else "new"
            raise ReceiptError(f"{path.name} is too {age}: version {version}, not {SCHEMA_VERSION}")
        return Receipt(**{**tree, "exercises": [ExerciseReceipt(**exercise) for exercise in tree["exercises"]]})
    except (ValueError, KeyError, TypeError) as error:
        raise ReceiptError(f"{path.name} is damaged: {error}") from None


def all_receipts(folder: Path) -> list[Receipt]:
    """Every receipt that can be read, by lesson and student, without the properties of its exercises and with equal
    parts shared: those of a whole class are in memory at once."""
    shared: dict[str, Any] = {}

    def once(tree: Any) -> Any:
        return shared.setdefault(json.dumps(tree, sort_keys=True), tree)

    receipts = []
    for path in sorted(folder.glob("*/*.json")):
        try:
            read = read_receipt(path)
        except ReceiptError:
            continue
        exercises = [
            replace(
                e,
                properties=[],
                title=once(e.title),
                misconception_label=once(e.misconception_label),
                notes=[once(note) for note in e.notes],
                key=sys.intern(e.key),
                hash=sys.intern(e.hash),
                verdict=sys.intern(e.verdict),
            )
            for e in read.exercises
        ]
        about = {"environment": once(read.environment), "tolerances": once(read.tolerances)}
        receipts.append(replace(read, exercises=exercises, **about))
    return receipts


@dataclass(frozen=True)
class Change:
    """A score that a regrade changed. why: the codes of grader.history.WHY that can explain it."""

    student: str
    lesson: str
    cell: str
    before: float | None
    after: float | None
    why: tuple[str, ...] = ()

    @property
    def exercise(self) -> str:
        return self.cell.removesuffix(CHECK_SUFFIX)


def changes(before: Receipt | None, after: Receipt) -> list[Change]:
    """The graded cells whose score is another one now; none where there was no receipt."""
    if before is None:
        return []
    return [
        Change(after.student, after.lesson, cell, before.scores.get(cell), score, reasons(before, after, cell))
        for cell, score in after.scores.items()
        if before.scores.get(cell) != score
    ]


def reasons(before: Receipt, after: Receipt, cell: str) -> tuple[str, ...]:
    """What is different between two verdicts that can explain a cell's new score; the likeliest first."""
    cell = cell.removesuffix(CHECK_SUFFIX)
    old = {e.key.partition(".")[2]: e for e in before.exercises}
    changed = {name for e in after.exercises if (name := e.key.partition(".")[2]) in old and old[name].hash != e.hash}
    grader = "pytorch-course"
    found = {
        "submission": before.sha256 != after.sha256,
        "exercise": cell in changed,
        "other_exercise": bool(changed - {cell}) and cell not in changed,
        "grader_error": cell in old and old[cell].verdict == "grader_error",
        "grader": before.environment.get(grader) != after.environment.get(grader),
        "environment": {**before.environment, grader: ""} != {**after.environment, grader: ""},
        "seed": before.seed != after.seed,
        "device": before.device != after.device,
    }
    return tuple(code for code, is_so in found.items() if is_so) or ("again",)


def batch_seed(folder: Path, seed: int | None = None, fresh: bool = False, keep: bool = True) -> int:
    """The seed of this batch's hidden cases: the one given; else the one begun with, so that a batch that was cut off
    goes on with the same cases; else a new one from the system's randomness. keep: whether it is written down."""
    path = folder / BATCH
    if seed is None and not fresh:
        try:
            return int(json.loads(path.read_text(encoding="utf-8"))["seed"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
    chosen = secrets.randbits(62) if seed is None else seed
    if keep:
        _write(path, {"schema_version": SCHEMA_VERSION, "seed": chosen})
    return chosen


def digest(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()


def text_of(tree: dict[str, str]) -> Text:
    return Text(en=tree["en"], zh=tree["zh"])


def _write(path: Path, tree: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps(tree, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)
    if sys.platform != "win32":
        path.chmod(0o600)  # it holds the seed
