"""One term, from the release to the marks in the learning platform, as an instructor walks it."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grader.cli import main
from grader.course import find_course
from grader.lesson import read_lesson
from grader.reference import load_exercises
from tests.browser.conftest import TOKEN, jupyter
from tests.browser.term import downloads
from tests.browser.term.students import Answered, hand_in, members

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

ON_MOODLE, ON_CANVAS = "01_numpy_backprop", "13_checkpoints"
COLUMN = "Lesson 13 (4711)"
WRITTEN = "report"  # the cell of lesson 13 that a person grades


def grader(*words: object, status: int = 0) -> str:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == status, done.output
    return done.output


def points(lesson: str) -> dict[str, float]:
    specs = load_exercises(read_lesson(find_course().lesson(lesson).source))
    return {name: sum(p.points for p in spec.properties) for name, spec in specs.items()}


def table(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def judged_as_deserved(out: Path, answers: list[Answered]) -> None:
    """Right answers got all their points, blank ones nothing, known mistakes were called by their names."""
    full = points(answers[0].lesson)
    for one in answers:
        receipt = json.loads((out / "receipts" / one.lesson / f"{one.member.id}.json").read_text(encoding="utf-8"))
        for exercise in receipt["exercises"]:
            name = exercise["key"].partition(".")[2]
            deserved = one.deserved[name]
            if deserved == "right":
                assert (exercise["verdict"], exercise["score"]) == ("pass", full[name]), (one.member.id, name)
            elif deserved == "blank":
                assert (exercise["verdict"], exercise["score"]) == ("not_run", 0), (one.member.id, name)
            else:
                assert (exercise["verdict"], exercise["misconception"]) == ("fail", deserved), (one.member.id, name)
                assert exercise["score"] < full[name]


def test_a_term(page: Any, picture: Callable[[Any, str], None], tmp_path: Path) -> None:
    course, class_ = find_course(), members(40, seed=7)
    out, roster = tmp_path / "term", tmp_path / "students.csv"

    # Release.
    grader("release", tmp_path / "bundle", ON_MOODLE, ON_CANVAS)
    assert (tmp_path / "bundle" / "START.ipynb").is_file()

    # Forty students hand in, one lesson on each platform; the instructor downloads.
    answers = {lesson: hand_in(course, lesson, class_, seed) for seed, lesson in enumerate((ON_MOODLE, ON_CANVAS))}
    roster.write_text(downloads.roster_csv(class_), encoding="utf-8")
    (tmp_path / "moodle.zip").write_bytes(downloads.moodle_zip(answers[ON_MOODLE]))
    (tmp_path / "canvas.zip").write_bytes(downloads.canvas_zip(answers[ON_CANVAS]))

    # Grade.
    said = grader("grade", tmp_path / "moodle.zip", "--out", out, "--roster", roster, "--lesson", ON_MOODLE)
    assert "40 graded" in said
    assert said.count("photo.png") == 1
    said = grader("grade", tmp_path / "canvas.zip", "--out", out, "--roster", roster, "--lesson", ON_CANVAS)
    assert "40 graded" in said
    assert "-1.ipynb" in said, "what was handed in twice is accounted for"
    for several in answers.values():
        judged_as_deserved(out, several)
    page.goto(f"file://{out}/report/{ON_CANVAS}.html")
    picture(page, "term-report")

    # Nothing is given back while a person's judgement is missing.
    export = tmp_path / "export.csv"
    total = sum(points(ON_CANVAS).values()) + 5
    export.write_text(downloads.canvas_export(class_, COLUMN, total), encoding="utf-8")
    to_canvas = ("return", out, "--lesson", ON_CANVAS, "--canvas", export, "--column", f"{ON_CANVAS}={COLUMN}")
    grader(*to_canvas, status=1)
    assert {row[-1] for row in table(out / "return" / "grades-canvas.csv")[2:]} == {""}

    # Formgrader: the class is listed by name, a submission opens, a score and a comment are saved.
    one = class_[5]
    score_by_hand(page, picture, out, one.id, "3.5", "Which curve says so?")
    grader(*to_canvas, status=1)
    marks = {row[2]: row[-1] for row in table(out / "return" / "grades-canvas.csv")[2:]}
    automatic = json.loads((out / "receipts" / ON_CANVAS / f"{one.id}.json").read_text(encoding="utf-8"))
    scored = sum(exercise["score"] for exercise in automatic["exercises"])
    assert {student: mark for student, mark in marks.items() if mark} == {one.id: f"{scored + 3.5:g}"}

    # Graded again, nothing that a person entered is lost, and the grader's own table has it, too.
    said = grader("grade", tmp_path / "canvas.zip", "--out", out, "--roster", roster, "--lesson", ON_CANVAS)
    assert "0 graded, 40 unchanged" in said
    head, *rows = table(out / "grades.csv")
    (mine,) = [row for row in rows if row[:2] == [one.id, ON_CANVAS]]
    assert float(mine[head.index("score")]) == scored + 3.5

    # Return, to both.
    grader(*to_canvas, "--with-pending")
    head, possible, *rows = table(out / "return" / "grades-canvas.csv")
    assert (head[-1], float(possible[-1])) == (COLUMN, total)
    assert [row[:-1] for row in rows] == [row[:-1] for row in table(export)[2:]]
    assert all(row[-1] for row in rows)
    worksheet = tmp_path / "worksheet.csv"
    worksheet.write_text(downloads.moodle_worksheet(class_, sum(points(ON_MOODLE).values())), encoding="utf-8")
    grader("return", out, "--lesson", ON_MOODLE, "--moodle", worksheet)
    for row, answer in zip(table(out / "return" / "grades-moodle.csv")[1:], answers[ON_MOODLE], strict=True):
        path = out / "receipts" / ON_MOODLE / f"{answer.member.id}.json"
        exercises = json.loads(path.read_text(encoding="utf-8"))["exercises"]
        assert float(row[4]) == sum(exercise["score"] for exercise in exercises)

    # Everybody's page, in their language, under the names by which the platforms know them.
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (out / "return" / "feedback").glob("*.html")}
    assert len(pages) == len(class_)
    with zipfile.ZipFile(out / "return" / f"feedback-moodle-{ON_MOODLE}.zip") as archive:
        assert len({name.split("_")[1] for name in archive.namelist()}) == len(class_)
    with zipfile.ZipFile(out / "return" / f"feedback-canvas-{ON_CANVAS}.zip") as archive:
        assert len(archive.namelist()) == len(class_)
    for member in (class_[0], class_[1], one):  # Chinese, English, and the one with the comment
        (name,) = [name for name in pages if member.id in name]
        page.goto(f"file://{out}/return/feedback/{name}.html")
        picture(page, f"term-feedback-{member.language}")
        in_its_language(page, member.language, sentences(out, member.id))
    assert "Which curve says so?" in page.locator("body").inner_text()


def sentences(out: Path, student: str) -> list[dict[str, str]]:
    """What a student's page says in both languages: the titles in the receipts, and its own last sentence."""
    said = [
        {
            "en": "Every exercise is graded on its own; an early mistake does not cost a later one.",
            "zh": "每道练习单独评分，前面的错误不会影响后面的得分。",
        }
    ]
    for path in sorted((out / "receipts").glob(f"*/{student}.json")):
        receipt = json.loads(path.read_text(encoding="utf-8"))
        said += [exercise["title"] for exercise in receipt["exercises"]]
    return said


def in_its_language(page: Any, language: str, said: list[dict[str, str]]) -> None:
    """What a reader sees on a page is in one language, also where it opens; for both, in both."""
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    seen = page.locator("main").inner_text()
    for own in page.locator("main pre").all_inner_texts():  # code, with the comments of whoever wrote it
        seen = seen.replace(own, "")
    seen = " ".join(seen.split())
    assert page.locator("html").get_attribute("lang") == ("zh-CN" if language == "zh" else "en")
    for code in ("en", "zh"):
        here = language in (code, "both")
        assert [one[code] for one in said if (one[code] in seen) != here] == [], (language, code)
        visible = "found => found.filter(one => one.checkVisibility()).map(one => one.textContent.trim())"
        marked = [words for words in page.locator(f'main [lang|="{code}"]').evaluate_all(visible) if words]
        assert bool(marked) == here, (language, code, marked[:5])
    if language == "en":
        assert re.findall(r"[\u3400-\u9fff]+", seen) == []


def score_by_hand(page: Any, picture: Any, out: Path, student: str, score: str, comment: str) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as gradebook:
        key = gradebook.find_submission_notebook(ON_CANVAS, ON_CANVAS, student).id
        name = gradebook.find_student(student).last_name
    with jupyter(out) as address:
        page.goto(f"{address}formgrader/manage_students?token={TOKEN}")
        page.get_by_text(name).first.wait_for()
        picture(page, "term-formgrader-students")
        page.goto(f"{address}formgrader/submissions/{key}/")
        page.wait_for_function("typeof formgrader !== 'undefined' && formgrader.grade_uis !== undefined")
        for field, words in ((f"#{WRITTEN}", score), (f"#{WRITTEN}-comment", comment)):
            saved = page.expect_response(
                lambda reply: "/formgrader/api/" in reply.url and reply.request.method == "PUT"
            )
            with saved as reply:
                page.locator(field).fill(words)
                page.locator(field).press("Tab")
            assert reply.value.ok
        picture(page, "term-formgrader-score")
