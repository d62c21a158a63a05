"""A student's page: complete, in their language, of the scores of now, and nothing in it runs or loads."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup, Tag
from nbgrader.api import Gradebook

from course_lib.text import Text
from grader.course import Course, LessonRef, find_course
from grader.feedback import is_check
from grader.lesson import CHECK_SUFFIX, read_lesson
from grader.receipts import Receipt
from grader.reference import load_exercises
from grader.returning import Wanted, return_class
from grader.returning.page import Handed, Pages, language_of
from grader.roster import Roster, Student
from grader.transcript import Entry, Transcript
from tests.grading import returned, toy
from tests.grading.returned import ANN, BO, ROSTER, WANG

BAD = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}'


def page_of(out: Path, student: str, roster: Roster | None = ROSTER) -> BeautifulSoup:
    return_class(out, Wanted(roster=roster))
    return BeautifulSoup((out / "return/feedback" / f"{student}.html").read_text("utf-8"), "html.parser")


def one(page: BeautifulSoup, selector: str) -> Tag:
    found = page.select_one(selector)
    assert found is not None
    return found


def side(tag: Tag, code: str) -> str:
    """The words of a part of a page as a reader of one language sees them."""
    tag = BeautifulSoup(str(tag), "html.parser")
    for other in tag.select('[lang="zh"]' if code == "en" else '[lang="en"]'):
        other.decompose()
    return " ".join(tag.get_text(" ").split())


def enter(out: Path, student: str, cell: str, score: float | None = None, comment: str | None = None) -> None:
    """What a person does in formgrader."""
    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as db:
        if score is not None:
            grade = db.find_grade(f"{cell}-check", toy.LESSON, toy.LESSON, student)
            grade.manual_score, grade.needs_manual_grade = score, False
        if comment is not None:
            db.find_comment(cell, toy.LESSON, toy.LESSON, student).manual_comment = comment
        db.db.commit()


def assert_harmless(page: BeautifulSoup) -> None:
    assert page.select("script, iframe, object, embed, link, form, base, a, svg, video, img") == []
    for tag in page.find_all(True):
        assert not [name for name in tag.attrs if name.startswith("on") or name in ("href", "src", "srcset", "action")]
    policy = str(page.find("meta", attrs={"http-equiv": "Content-Security-Policy"}))
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert not re.search(r"https?://|@import|url\(", str(page))


def test_it_says_what_was_right_what_was_not_the_hint_and_the_counterexample(class_out: Path) -> None:
    page = page_of(class_out, ANN)
    result = one(page, ".card.result.fail")
    said = side(result, "en")
    for words in (
        "Doubling",
        "0 / 3",
        "its sum",
        "-3 instead of 3",
        "Smallest failing case: two numbers",
        "Which sign?",
    ):
        assert words in said
    assert side(result, "zh").count("符号是什么？") == 1
    tables = [[cell.get_text() for cell in table.select("td")] for table in result.select("table") if table.caption]
    assert tables[:3] == [["1.5", "-1.5"], ["3", "-3"], ["→ -3", "3"]]  # the input, what it should be, and theirs
    assert "return -2 * x" in one(page, ".card.result.fail .own pre").get_text()
    assert one(page, ".card.result.pass .points").get_text().strip() == "2 / 2"
    assert one(page, ".score").get_text(" ").split() == ["2", "/", "5"]


def test_what_only_a_hidden_case_shows_is_not_on_it(course: Course, tmp_path: Path) -> None:
    sly = toy.DOUBLE.replace("2 * x", "2 * x if len(x) == 2 else x + 12345.678")
    returned.hand_in(tmp_path / "in", "sly/01_toy/01_toy.ipynb", toy.answered(course, {**toy.BOTH, "double": sly}))
    returned.grade(tmp_path / "in", tmp_path / "out", course, None)
    page = page_of(tmp_path / "out", "sly", None)
    said = side(one(page, ".card.result.fail"), "en")
    assert "A hidden case failed; its inputs are not shown." in said
    one(page, ".card.result.fail .own").decompose()  # their own words
    assert "12345" not in str(page)
    assert "12346" not in str(page)


@pytest.mark.parametrize(("student", "language"), [(WANG, "zh"), (ANN, "en"), (BO, "zh")])
def test_it_opens_in_the_students_language(class_out: Path, student: str, language: str) -> None:
    page = page_of(class_out, student)
    (chosen,) = page.select("input[checked]")
    assert chosen["id"] == f"lang-{language}"  # the roster's word; for the third, that of the notebook
    assert len(page.select("input[type=radio]")) == 3
    assert page.html is not None
    assert page.html["lang"] == ("zh-CN" if language == "zh" else "en")


def test_every_word_stands_there_in_both_languages(class_out: Path) -> None:
    page = page_of(class_out, ANN)
    assert len(page.select('main [lang="en"]')) == len(page.select('main [lang="zh"]')) > 30


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ('{"course": {"language": "zh"}}', "zh"),
        ('{"course": {"language": "<script>"}}', "both"),
        ('{"course": {"language": ["zh"]}}', "both"),
        ('{"course": 3}', "both"),
        ("[", "both"),
        ("[" * 200_000, "both"),
    ],
)
def test_a_notebook_may_say_anything_of_its_language(tmp_path: Path, metadata: str, expected: str) -> None:
    path = tmp_path / "submitted/ann/01_toy/01_toy.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(f'{{"cells": [], "metadata": {metadata}}}')
    assert language_of(tmp_path, "ann", ["01_toy"]) == expected
    assert language_of(tmp_path, "bo", ["01_toy"]) == "both"


def test_what_a_person_entered_counts_and_is_shown(class_out: Path) -> None:
    enter(class_out, ANN, "double", 1.5, f"*Nearly!* Look at the sign.\n\n{BAD} [x](javascript:alert(1))")
    page = page_of(class_out, ANN)
    assert one(page, ".score").get_text(" ").split() == ["3.5", "/", "5"]
    assert "scored by your teacher" in side(one(page, ".card.result.fail .head"), "en")
    assert "老师评分" in side(one(page, ".card.result.fail .head"), "zh")
    comment = one(page, ".comment")
    assert one(BeautifulSoup(str(comment), "html.parser"), "em").get_text() == "Nearly!"
    for tag in comment.select("a, img"):
        assert not tag.attrs.get("src")
        assert "javascript" not in str(tag.attrs)
        tag.decompose()
    assert_harmless(page)


def test_an_answer_that_waits_for_a_person_is_said_to(class_out: Path) -> None:
    with Gradebook(f"sqlite:///{class_out / 'gradebook.db'}") as db:
        db.find_grade("total-check", toy.LESSON, toy.LESSON, WANG).needs_manual_grade = True
        db.db.commit()
    page = page_of(class_out, WANG)
    assert "so far: 1 answer waits for your teacher" in side(one(page, "main"), "en")
    assert "暂计：还有 1 处作答等待老师评阅" in side(one(page, "main"), "zh")


def test_no_name_and_no_notebook_runs_anything(course: Course, tmp_path: Path) -> None:
    hostile = toy.answered(course, {**toy.BOTH, "double": f"x = '''{BAD}'''\n" + toy.DOUBLE.replace("2", "-2")})
    hostile.cells.insert(0, nbformat.v4.new_markdown_cell(BAD))
    returned.hand_in(tmp_path / "in", "42/01_toy/01_toy.ipynb", hostile)
    returned.grade(tmp_path / "in", tmp_path / "out", course, None)
    roster = Roster((Student("42", BAD, BAD, "", BAD),))
    page = page_of(tmp_path / "out", "42", roster)
    assert_harmless(page)
    assert BAD in one(page, "h1").get_text()
    assert BAD in one(page, ".own pre").get_text()
    assert "49" not in one(page, "h1").get_text()
    Text(en=BAD, zh=BAD)
    receipt = Receipt("42", "l", BAD, "0", 3, "cpu", "x", [], {}, problem={"en": BAD, "zh": BAD})
    transcript = Transcript("42", "l", {("l", BAD): Entry(0.0, 1.0)}, {("l", BAD): BAD})
    maker = Pages(tmp_path / "none")
    for given in (receipt, replace(receipt, problem=None, notes=[{"en": BAD, "zh": BAD}])):
        shown = maker.page(maker.about(BAD, BAD, "both", [Handed(transcript, given, {"en": BAD, "zh": BAD})]))
        assert_harmless(BeautifulSoup(shown, "html.parser"))


def test_a_test_cell_of_any_other_assignment_stays_its_instructors(class_out: Path) -> None:
    path = class_out / "autograded" / ANN / toy.LESSON / f"{toy.LESSON}.ipynb"
    notebook = nbformat.read(path, nbformat.NO_CONVERT)
    for cell in notebook.cells:
        if cell.id == "double-check":
            cell["source"] = "assert double(3) == 6  # HIDDEN TEST"
            cell["outputs"][0]["data"]["text/html"] = "HIDDEN RESULT"
    nbformat.write(notebook, path)
    said = str(page_of(class_out, ANN))
    assert "HIDDEN" not in said
    assert "Doubling" in said  # what the receipt says of it


@pytest.mark.parametrize("ref", find_course().lessons(), ids=lambda ref: ref.id)
def test_the_result_of_every_exercise_of_the_course_is_found(ref: LessonRef) -> None:
    """Also of those that are called as classes are, with a capital letter."""
    cells = nbformat.read(ref.notebook, nbformat.NO_CONVERT).cells
    checks = [cell for cell in cells if cell.id.endswith(CHECK_SUFFIX)]
    assert len(checks) == len(load_exercises(read_lesson(ref.source)))
    assert [cell.id for cell in checks if not is_check(cell)] == []


def test_several_lessons_stand_under_an_overview() -> None:
    maker = Pages(Path("nowhere"))
    first = Transcript("ann", "01_toy", {("01_toy", "a-check"): Entry(1.0, 2.0)})
    second = Transcript("ann", "02_more", {("02_more", "b-check"): Entry(3.0, 3.0, by_hand=True)}, penalty=1.0)
    handed = [Handed(first, None, {"en": "Toy", "zh": "玩具"}), Handed(second)]
    page = BeautifulSoup(maker.page(maker.about("ann", "Ann", "en", handed)), "html.parser")
    rows = [side(row, "en") for row in one(page, ".overview").select("tbody tr")]
    assert rows == ["Toy … 1 / 2", "02_more … 2 / 3"]
    assert [side(tag, "en") for tag in page.select(".penalty")] == ["Handed in late −1"]


def test_a_page_weighs_little(class_out: Path) -> None:
    page_of(class_out, ANN)
    assert all(path.stat().st_size < 60_000 for path in (class_out / "return/feedback").iterdir())
