"""All attacks in one batch, honest neighbours among them."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.batch import Options, Outcome, grade_class
from grader.course import Course
from grader.engine import Limits
from grader.receipts import Receipt, read_receipt, receipt_path
from tests.attacks.attack import NEIGHBOUR, SECRET, Attack, attacks
from tests.attacks.submission import submission
from tests.grading import toy

LIMITS = Limits(
    cell_seconds=1.5,
    grace_seconds=0.5,
    submission_seconds=12.0,
    probe_seconds=1.5,
    probing_seconds=6.0,
    cpu_seconds=30,
    memory_bytes=200 * 2**20,
    output_bytes=2**16,
    observed_bytes=2**20,
    processes=32,
    file_bytes=4 * 2**20,
    scratch_bytes=8 * 2**20,
)
EVERY = 4  # attacks between two neighbours


@dataclass(frozen=True)
class Batch:
    """What came of it. names: the student's name of each attack; neighbours: the honest students' names."""

    outcome: Outcome
    out: Path
    names: dict[str, str]
    neighbours: list[str]

    def receipt(self, student: str) -> Receipt:
        return read_receipt(receipt_path(self.out / "receipts", toy.LESSON, student))

    def kept(self, step: str, student: str, suffix: str = ".ipynb") -> str:
        path = self.out / step / student / toy.LESSON / f"{toy.LESSON}{suffix}"
        return path.read_text(encoding="utf-8", errors="replace")


@pytest.fixture(scope="session")
def services() -> Iterator[int]:
    """Services of the machine that no student may talk to: on the loopback, and under an abstract name."""
    inet, unix = socket.socket(), socket.socket(socket.AF_UNIX)
    inet.bind(("127.0.0.1", 0))
    port = int(inet.getsockname()[1])
    unix.bind(f"\0grader-attack-target-{port}")  # the number keeps two test runs on one machine apart
    for listener in (inet, unix):
        listener.listen()

        def welcome(at: socket.socket = listener) -> None:
            while True:
                try:
                    with at.accept()[0] as guest:
                        guest.sendall(b"welcome")
                except OSError:
                    return

        threading.Thread(target=welcome, daemon=True).start()
    yield port
    inet.close()
    unix.close()


@pytest.fixture(scope="session")
def batch(tmp_path_factory: pytest.TempPathFactory, services: int) -> Iterator[Batch]:
    toy.use_toy_exercises()
    root = tmp_path_factory.mktemp("attacks")
    course = toy.make_course(root / "course")
    names: dict[str, str] = {}
    neighbours: list[str] = []
    for number, attack in enumerate(attacks()):
        if number % EVERY == 0:
            neighbours.append(f"s{number:03}-a-neighbour")
            notebook = toy.answered(course, toy.BOTH)
            notebook.cells[0].source += f"\n\n{NEIGHBOUR}"
            toy.hand_in(root / "submitted", neighbours[-1], notebook)
        names[attack.name] = f"s{number:03}-{attack.name}"
        toy.hand_in(root / "submitted", names[attack.name], submission(course, attack, services))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GRADER_SECRET", SECRET)
        # One after the other in one sandbox: what an attack leaves behind is found by the one behind it.
        outcome = grade_class(root / "submitted", root / "out", Course(course.root), Options(jobs=1, limits=LIMITS))
    yield Batch(outcome, root / "out", names, neighbours)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "attack" in metafunc.fixturenames:
        metafunc.parametrize("attack", attacks(), ids=lambda attack: attack.name)


def messages(receipt: Receipt) -> list[str]:
    return [event["message"]["en"] for event in receipt.events]


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


__all__ = ["Attack", "Batch"]
