"""What grading again changed, kept for good: OUT/history/<lesson>/<student>.jsonl, one line for each score that moved.

Lines are only ever added. A regrade takes these steps, and each of them is whole or not at all:

1. ``begin``   the receipt is moved to history/<lesson>/<student>.json: the verdict that is being replaced
2. the submission is graded and kept; the new receipt is written last
3. ``settle``  the lines that old and new receipt differ by are added to the file, then the old receipt is removed

A run that is cut off leaves the old receipt where it is, so nothing is lost: the next run grades what has no receipt
and settles what has one. A line's ``id`` is made of both receipts, so lines that are there already are not added again,
and half a line, which a full disk or a cut may leave at the end, is taken away before the whole one is written.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from course_lib.text import Text
from grader.receipts import Receipt, ReceiptError, changes, read_receipt, receipt_path

FOLDER = "history"
WHY: Mapping[str, Text] = {
    "submission": Text(en="another file was handed in", zh="交来了另一份文件"),
    "exercise": Text(en="the exercise was changed", zh="这道练习有改动"),
    "other_exercise": Text(en="another exercise of the lesson was changed", zh="同一课的另一道练习有改动"),
    "grader_error": Text(en="the grader had failed before", zh="上次评分程序自身出错"),
    "grader": Text(en="another version of the grader", zh="评分程序的版本不同"),
    "environment": Text(en="other versions of Python or its packages", zh="Python 或软件包的版本不同"),
    "seed": Text(en="other hidden cases were drawn", zh="换了一组隐藏用例"),
    "device": Text(en="another device", zh="换了设备"),
    "again": Text(en="graded again; nothing else is different", zh="重新评阅；其他都没有变"),
}


@dataclass(frozen=True)
class Line:
    """One change. exercise: the graded cell without ``-check``; old, new: points, None where a person has to grade;
    why: codes of ``WHY``. Only what the grader itself gave: what a person entered stands in the gradebook."""

    id: str
    time: str
    lesson: str
    student: str
    exercise: str
    old: float | None
    new: float | None
    why: tuple[str, ...]


class History:
    """The changes of a class in the folder that it is graded into."""

    def __init__(self, out: Path) -> None:
        self.folder = out / FOLDER
        self._receipts = out / "receipts"

    def begin(self, lesson: str, student: str) -> None:
        """Takes the receipt away, for a verdict that replaces it. From now on the submission counts as not graded."""
        self.settle(lesson, student)
        receipt = receipt_path(self._receipts, lesson, student)
        kept = self._replaced(lesson, student)
        if _read(receipt) is None:
            receipt.unlink(missing_ok=True)  # damaged: what it said cannot be known
        else:
            kept.parent.mkdir(parents=True, exist_ok=True)
            receipt.replace(kept)

    def before(self, lesson: str, student: str) -> Receipt | None:
        """The verdict that was being replaced when a run was cut off; None where none was."""
        return _read(self._replaced(lesson, student))

    def settle(self, lesson: str, student: str) -> None:
        """Writes down what a finished regrade changed. Does nothing where none is finished, and nothing twice."""
        kept = self._replaced(lesson, student)
        now = _read(receipt_path(self._receipts, lesson, student))
        if now is None or not kept.is_file():
            return
        old = _read(kept)
        if old is not None:
            moment = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            _add(self._lines(lesson, student), [_line(one, moment) for one in lines(old, now)])
        kept.unlink()

    def settle_all(self) -> None:
        """What a run that was cut off had still to write down."""
        for kept in sorted(self.folder.glob("*/*.json")):
            self.settle(kept.parent.name, kept.stem)

    def read(self, lesson: str) -> list[Line]:
        """Every change of a lesson, the oldest first. Half a line at the end of a file is none."""
        found = [line for path in sorted((self.folder / lesson).glob("*.jsonl")) for line in _lines_in(path)]
        return sorted(found, key=lambda line: line.time)

    def _replaced(self, lesson: str, student: str) -> Path:
        return self.folder / lesson / f"{student}.json"

    def _lines(self, lesson: str, student: str) -> Path:
        return self.folder / lesson / f"{student}.jsonl"


def lines(before: Receipt, after: Receipt) -> list[Line]:
    """The lines that two verdicts on one submission differ by, without the time."""
    found = []
    for change in changes(before, after):
        told = json.dumps([asdict(before), asdict(after), change.exercise], sort_keys=True)
        name = hashlib.sha256(told.encode()).hexdigest()[:16]
        found.append(
            Line(
                name,
                "",
                after.lesson,
                after.student,
                change.exercise,
                change.before,
                change.after,
                change.why,
            )
        )
    return found


def _line(line: Line, moment: str) -> str:
    return json.dumps({**asdict(line), "time": moment}, ensure_ascii=False) + "\n"


def _add(path: Path, texts: list[str]) -> None:
    """Adds the lines that are not there yet, after the last whole line."""
    if not texts:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    there, ids = [line.id for line in _lines_in(path)], [json.loads(text)["id"] for text in texts]
    # Only at the end: a score that goes up, down and up again moves in the same way twice.
    done = next(count for count in range(len(ids), -1, -1) if there[len(there) - count :] == ids[:count])
    new = "".join(texts[done:])
    with path.open("ab") as file:
        file.truncate(_whole(path))
        file.write(new.encode())
        file.flush()
        os.fsync(file.fileno())  # before the old receipt goes: nothing else knows what it said
    if sys.platform != "win32":
        path.chmod(0o600)


def _whole(path: Path) -> int:
    """Bytes up to the end of the last whole line."""
    return path.read_bytes().rfind(b"\n") + 1


def _lines_in(path: Path) -> Iterator[Line]:
    if not path.is_file():
        return
    for text in path.read_bytes()[: _whole(path)].decode("utf-8", "replace").splitlines():
        try:
            tree = json.loads(text)
            yield Line(**{**tree, "why": tuple(tree["why"])})
        except (ValueError, TypeError, KeyError):
            continue  # somebody's edit; what it said cannot be known


def _read(path: Path) -> Receipt | None:
    try:
        return read_receipt(path)
    except (ReceiptError, OSError):
        return None
