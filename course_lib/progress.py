"""A student's progress: what their checks said, kept in a file beside the course, for nobody but them.

``progress.jsonl`` lies in the bundle's folder. One line is one check::

    {"time": "2026-10-01T21:15:03+08:00", "exercise": "tensors.cut", "verdict": "fail", "score": 2.0, "of": 6.0}

Nothing reads the file but the table below, nothing is sent anywhere, and deleting it loses only the record. Outside a
bundle, and while nbgrader runs, nothing is kept.
"""

from __future__ import annotations

import argparse
import contextlib
import html
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from course_lib._progress_table import OF, TITLE, Lesson, as_html, as_text
from course_lib.bundle import MANIFEST, bundle_folder
from course_lib.records import append
from course_lib.records import entries as entries_of
from course_lib.text import LANGUAGES, Text, current_language

FILE = "progress.jsonl"

WHERE = Text(
    en="Counted from your own checks; the best of each exercise counts. Kept only in {file}.",
    zh="根据你自己运行的检查统计，每道练习取最好的一次。只保存在 {file} 中。",
)
NO_BUNDLE = Text(
    en="There is no course.json here or above: go to the course's folder first.",
    zh="当前文件夹及其上级中都没有 course.json：请先进入课程文件夹。",
)


def record(key: str, verdict: str, score: float, of: float) -> None:
    """Adds what a check said to the file. Never raises, whatever the disk does: a check must not fail for it."""
    with contextlib.suppress(Exception):
        folder = None if os.environ.get("NBGRADER_EXECUTION") else bundle_folder(Path.cwd())
        if folder is not None:
            entry = {"exercise": key, "verdict": verdict, "score": float(score), "of": float(of)}
            append(folder / FILE, entry)


def read(folder: Path) -> list[dict[str, Any]]:
    """All whole lines of the file, in their order; what is no such line is passed over."""
    found = []
    for entry in entries_of(folder / FILE):
        with contextlib.suppress(ValueError, TypeError, KeyError):
            entry["score"], entry["of"] = float(entry["score"]), float(entry["of"])
            if all(isinstance(entry[name], str) for name in ("time", "exercise", "verdict")):
                found.append(entry)
    return found


def table(folder: Path) -> list[Lesson]:
    """The lessons of a bundle with what was reached, in the order of the course."""
    contents = json.loads((folder / MANIFEST).read_text(encoding="utf-8")).get("contents", [])
    return tabulate(contents, read(folder))


def tabulate(contents: Iterable[dict[str, Any]], entries: Iterable[dict[str, Any]]) -> list[Lesson]:
    """contents: course.json's, each lesson's id, title and points; entries: what checks said.

    Only passes and failures count: a check that was not run, or could not be judged, says nothing about the answer.
    """
    best: dict[str, float] = {}
    last: dict[str, str] = {}
    for entry in entries:
        if entry["verdict"] in ("pass", "fail"):
            key = entry["exercise"]
            best[key] = max(best.get(key, 0.0), entry["score"])
            last[key] = max(last.get(key, ""), entry["time"][:10])
    rows = []
    for lesson in contents:
        points = {key: float(value) for key, value in lesson["points"].items()}
        # An update may have made an exercise worth less than it was.
        reached = {key: min(best[key], most) for key, most in points.items() if key in best}
        day = max((last[key] for key in reached), default="")
        rows.append(Lesson(lesson["id"], Text(**lesson["title"]), points, reached, day))
    return rows


def line(key: str) -> Text | None:
    """One sentence about the lesson of an exercise, to show after its check; None outside a bundle. Never raises."""
    with contextlib.suppress(Exception):
        folder = None if os.environ.get("NBGRADER_EXECUTION") else bundle_folder(Path.cwd())
        lesson = next((row for row in table(folder) if key in row.points), None) if folder else None
        if lesson is not None:
            return Text(en="This lesson so far: {points} points", zh="本课目前得分：{points}").format(
                points=OF.format(score=lesson.score, of=lesson.of)
            )
    return None


def show_progress(language: str | None = None) -> None:
    """The table in a notebook; in a terminal the same as text."""
    from course_lib._output import in_notebook

    wanted = language or current_language()
    folder = bundle_folder(Path.cwd())
    if folder is None or not in_notebook():
        _tell(folder, wanted)
        return
    from IPython.display import display

    rows = table(folder)
    where = "".join(f"<p>{html.escape(said)}</p>" for _, said in WHERE.format(file=FILE).sides(wanted))
    display({"text/html": as_html(rows, wanted) + where, "text/plain": as_text(rows, wanted)}, raw=True)


def _tell(folder: Path | None, language: str) -> int:
    if folder is None:
        print(NO_BUNDLE.say(language))
        return 1
    print(TITLE.say(language, " / "), as_text(table(folder), language), sep="\n\n")
    print("", WHERE.format(file=folder / FILE).say(language), sep="\n")
    return 0


def main(arguments: list[str]) -> int:
    """0 where there is a course, 1 where there is none."""
    parser = argparse.ArgumentParser(prog="python -m course_lib progress", description=TITLE.inline)
    parser.add_argument("--lang", choices=LANGUAGES, default=current_language())
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    asked = parser.parse_args(arguments)
    folder = bundle_folder(Path.cwd())
    if not asked.json or folder is None:
        return _tell(folder, asked.lang)
    rows = [
        {"lesson": r.id, "score": r.score, "of": r.of, "solved": r.solved, "exercises": len(r.points), "last": r.last}
        for r in table(folder)
    ]
    print(json.dumps({"schema_version": 1, "lessons": rows}, ensure_ascii=False, indent=1))
    return 0
