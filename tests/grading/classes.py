"""Classes made of receipts alone, for the tests of reports: no sandbox, no notebook, as many students as one likes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course_lib.text import Text
from grader.analysis.alike import Wrong
from grader.receipts import ExerciseReceipt, Receipt
from grader.report import Findings

LESSON = "01_numpy_backprop"
# What stands in lesson 01: points, and in how many places its reference can go wrong, about.
EXERCISES = {
    "forward": (4.0, 8),
    "backward": (10.0, 24),
    "numeric_grad": (6.0, 16),
    "train": (6.0, 20),
    "init": (4.0, 9),
}
TITLES = {
    "forward": Text(en="Forward pass", zh="前向传播"),
    "backward": Text(en="Backward pass", zh="反向传播"),
    "numeric_grad": Text(en="Numeric gradients", zh="数值梯度"),
    "train": Text(en="Training loop", zh="训练循环"),
    "init": Text(en="Initialisation", zh="初始化"),
}
ENVIRONMENT = {
    "python": "3.11.9",
    "platform": "Linux x86_64",
    "torch": "2.13",
    "numpy": "2.4",
    "pytorch-course": "0.1.0",
}


@dataclass(frozen=True)
class Done:
    """What somebody made of one exercise. share: of its points; name: of the wrong answer, where it has one."""

    share: float = 1.0
    behaviour: str | None = None
    name: str | None = None
    verdict: str = ""
    seconds: float = 0.02
    limits: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        return self.verdict or ("pass" if self.share == 1.0 else "fail")


def receipt(student: str, done: Mapping[str, Done], lesson: str = LESSON, **more: object) -> Receipt:
    """exercises left out were right."""
    slug = lesson.partition("_")[2]
    exercises, traces, scores = [], {}, {}
    for name, (points, _) in EXERCISES.items():
        one = done.get(name, Done())
        label = {"en": f"misconception {one.name}", "zh": f"误解 {one.name}"} if one.name else None
        key = f"{slug}.{name}"
        title = {"en": TITLES[name].en, "zh": TITLES[name].zh}
        score = round(points * one.share, 6)
        exercises.append(ExerciseReceipt(key, title, "h", one.outcome, score, points, [], one.name, label))
        traces[key] = {"behaviour": one.behaviour, "seconds": one.seconds, "limits": list(one.limits)}
        scores[f"{name}-check"] = score
    about = {
        "seconds": 0.3,
        "cell_ids": ["imports", "forward", ""],
        "cell_seconds": [0.05, 0.11, 0.01],
        "environment": dict(ENVIRONMENT),
        **more,
    }
    return Receipt(
        student, lesson, f"{student}.ipynb", f"{hash_of(student)}", 7, "cpu", "bubblewrap", exercises, scores,
        traces=traces, **about,  # type: ignore[arg-type]
    )  # fmt: skip


def hash_of(student: str) -> str:
    import hashlib

    return hashlib.sha256(student.encode()).hexdigest()


def honest(count: int, seed: int, popular: float = 0.8, prefix: str = "student") -> dict[str, dict[str, Wrong]]:
    """Wrong answers of students who worked alone: some are weaker than others, a few mistakes are everybody's, and the
    less common one is, the more of its kind there are. popular: Pareto's exponent, the smaller the more different."""
    rng = random.Random(seed)
    everybody: dict[str, dict[str, Wrong]] = {}
    for number in range(count):
        weak, student = rng.random(), f"{prefix}-{number:03}"
        everybody[student] = {}
        for exercise in EXERCISES:
            if rng.random() < 0.1 + 0.7 * weak:
                which = int(rng.paretovariate(popular))
                name = f"named-{which}" if which < 4 else None
                behaviour = f"{exercise}-{which}" if which < 60 else f"{exercise}-{student}"
                everybody[student][exercise] = Wrong(behaviour, name)
    return everybody


def as_receipts(wrong: Mapping[str, Mapping[str, Wrong]], lesson: str = LESSON) -> list[Receipt]:
    return [
        receipt(
            student,
            {name: Done(0.25 * (len(one.behaviour) % 4), one.behaviour, one.name) for name, one in answers.items()},
            lesson,
        )
        for student, answers in wrong.items()
    ]


def findings(receipts: Sequence[Receipt], **more: object) -> Findings:
    final = {(r.lesson, r.student): {cell: score or 0.0 for cell, score in r.scores.items()} for r in receipts}
    titles = {r.lesson: {"en": "Backprop by hand in NumPy", "zh": "用 NumPy 手写反向传播"} for r in receipts}
    return Findings(receipts, final, titles, **more)  # type: ignore[arg-type]


WHERE = {name: places for name, (_, places) in EXERCISES.items()}
