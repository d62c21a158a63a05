"""Feedback through nbgrader's exchange, by nbgrader's own ``release_feedback``.

It gives a page to whoever has the secret that ``nbgrader submit`` wrote beside the submission; what did not come
through the exchange has none, and is left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.text import Text
from grader.collect import SECRET
from grader.course_folder import CONFIG, read_config, write_whole
from grader.feedback import FeedbackPages
from grader.gradebook import Book
from grader.transcript import transcripts

DEFAULT_ROOT = "/usr/local/share/nbgrader/exchange"  # nbgrader's own
STAMP = "timestamp.txt"
NO_COURSE = Text(
    en="{file} names no course: write get_config().CourseDirectory.course_id = '…' there, the name under which the "
    "course stands in the exchange.",
    zh="{file} 没有写明课程：请在其中写上 get_config().CourseDirectory.course_id = '……'，即课程在交换目录中的名字。",
)
NO_EXCHANGE = Text(
    en="there is no exchange at {root}: name it in {file} with get_config().Exchange.root, or give the pages back "
    "through your learning platform",
    zh="{root} 没有交换目录：请在 {file} 中用 get_config().Exchange.root 指明，或改用学习平台返还反馈",
)
NOT_WRITABLE = Text(
    en="the exchange at {root} cannot be written by you: ask whoever runs the server",
    zh="你没有权限写入交换目录 {root}：请联系服务器管理员",
)
NO_SECRET = Text(
    en="did not come through nbgrader's exchange, so it cannot carry the feedback",
    zh="不是经 nbgrader 交换目录提交的，无法由它返还反馈",
)
FAILED = Text(en="nbgrader release_feedback failed: {words}", zh="nbgrader release_feedback 出错：{words}")


class ExchangeError(Exception):
    """The exchange cannot be used; the message says why, in both languages."""


@dataclass
class Released:
    """Whose feedback lies in the exchange now, by lesson; todo: whose does not."""

    students: dict[str, list[str]] = field(default_factory=dict)
    todo: list[tuple[str, Text]] = field(default_factory=list)


def check(out: Path) -> None:
    """Raises ExchangeError where there is no exchange that can be written, before anything is done."""
    config = read_config(out / CONFIG)
    about = {"file": out / CONFIG}
    if not config.CourseDirectory.get("course_id", ""):
        raise ExchangeError(NO_COURSE.format(**about).say("both"))
    root = Path(str(config.Exchange.get("root", DEFAULT_ROOT)))
    if not root.is_dir():
        raise ExchangeError(NO_EXCHANGE.format(root=root, **about).say("both"))
    if not os.access(root, os.W_OK | os.X_OK):
        raise ExchangeError(NOT_WRITABLE.format(root=root).say("both"))


def release(out: Path, lessons: Sequence[str]) -> Released:
    """Puts the pages of some lessons, with the scores and comments of now, into the exchange. Raises ExchangeError."""
    check(out)
    done = Released()
    pages = FeedbackPages()
    with Book.of(out) as book:
        found = {lesson: transcripts(book, lesson) for lesson in lessons}
    for lesson in lessons:
        without = []
        for student, transcript in found[lesson].items():
            place = out / "submitted" / student / lesson
            if not (place / SECRET).is_file():
                without.append(student)
                done.todo.append((f"{student} · {lesson}", NO_SECRET))
                continue
            page = pages.rewrite(out, transcript)
            folder = page.parent if page is not None else out / "feedback" / student / lesson
            for name in (SECRET, STAMP):
                if (place / name).is_file():
                    write_whole(folder / name, (place / name).read_bytes())
            if not (folder / STAMP).is_file():
                write_whole(folder / STAMP, b"")
        there = [student for student in found[lesson] if student not in without]
        # nbgrader stops at the first page without its secret, whoever's it is.
        without += [
            folder.parent.name for folder in out.glob(f"feedback/*/{lesson}") if not (folder / SECRET).is_file()
        ]
        if there:
            _run(out, lesson, sorted(set(without)))
        done.students[lesson] = there
    return done


def _run(out: Path, lesson: str, without: Sequence[str]) -> None:
    command = [sys.executable, "-m", "nbgrader", "release_feedback", lesson]
    if without:
        command.append(f"--CourseDirectory.student_id_exclude={','.join(without)}")
    ran = subprocess.run(command, cwd=out, capture_output=True, text=True, check=False)
    if ran.returncode:
        words = (ran.stderr.strip().splitlines() or ["?"])[-1][:300]
        raise ExchangeError(FAILED.format(words=words).say("both"))
