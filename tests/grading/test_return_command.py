"""``grader return``: what it leaves, what it says, and that saying it again changes nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from grader.cli import main
from grader.course import Course
from grader.lateness import CONFIG
from grader.returning import exchange
from tests.grading import returned, toy
from tests.grading.returned import ANN, BO, WANG

ROSTER = (
    "id,name,email,canvas,language\n"
    f"{WANG},王小明,wang@uni.example,,中文\n{ANN},Ann Lee,ann@uni.example,4712,English\n{BO},=cmd,bo@uni.example,,\n"
)
EXPORT = (
    "Student,ID,SIS User ID,SIS Login ID,Section,01_toy (9)\n    Points Possible,,,,,5\n"
    f'"Lee, Ann",4712,{ANN},ann,A,\n"王, 小明",4711,{WANG},wang,A,\n"Nobody, Eve",4714,{returned.EVE},eve,A,\n'
)


def run(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["return", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done.exit_code, done.output


def stamps(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in returned.files(folder)}


def test_it_writes_all_that_goes_back_and_nothing_twice(class_out: Path, at_course: Course) -> None:
    (class_out / "students.csv").write_text(ROSTER, encoding="utf-8")
    code, said = run(class_out)
    assert code == 0, said
    names = {str(path.relative_to(class_out / "return")) for path in returned.files(class_out / "return")}
    pages = {f"feedback/{student}.html" for student in (WANG, ANN, BO)}
    assert names == {"grades-canvas.csv", "grades-moodle.csv", "feedback-canvas.zip", "feedback-moodle.zip", *pages}
    assert "3 pages, 3 written / 共 3 个网页，本次写入 3 个" in said
    for student, language in ((WANG, "zh"), (ANN, "en"), (BO, "zh")):  # the roster's 中文 and English; the notebook's
        assert f'id="lang-{language}" checked' in (class_out / f"return/feedback/{student}.html").read_text("utf-8")
    assert "'=cmd" in (class_out / "return/grades-canvas.csv").read_text("utf-8")
    before = stamps(class_out / "return")
    code, said = run(class_out)
    assert (code, stamps(class_out / "return")) == (0, before)
    assert "3 pages, 0 written" in said

    with Gradebook(f"sqlite:///{class_out / 'gradebook.db'}") as db:
        db.find_grade("total-check", toy.LESSON, toy.LESSON, WANG).manual_score = 1.0
        db.db.commit()
    assert run(class_out)[0] == 0
    after = stamps(class_out / "return")
    changed = {path.name for path in before if after[path] != before[path]}
    assert changed == {f"{WANG}.html", "feedback-moodle.zip", "grades-canvas.csv", "grades-moodle.csv"}
    assert f"{WANG},wang@uni.example,,4" in (class_out / "return/grades-canvas.csv").read_text("utf-8")


def test_an_export_is_filled_and_who_is_not_in_it_is_named(class_out: Path, at_course: Course, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(EXPORT, encoding="utf-8")
    (tmp_path / "students.csv").write_text(ROSTER, encoding="utf-8")  # beside the folder
    code, said = run(class_out, "--canvas", tmp_path / "export.csv")
    expected = EXPORT.replace("ann,A,", "ann,A,2").replace("wang,A,", "wang,A,5")
    assert (class_out / "return/grades-canvas.csv").read_text("utf-8") == expected
    assert code == 1
    assert f"{BO} · {toy.LESSON}: graded (3), but not in this file" in said
    assert "Nobody, Eve" in said


def test_what_waits_for_a_person_is_not_given_back_unless_said(class_out: Path, at_course: Course) -> None:
    with Gradebook(f"sqlite:///{class_out / 'gradebook.db'}") as db:
        db.find_grade("total-check", toy.LESSON, toy.LESSON, WANG).needs_manual_grade = True
        db.db.commit()
    code, said = run(class_out)
    table = (class_out / "return/grades-moodle.csv").read_text("utf-8-sig").splitlines()
    assert (code, table[1]) == (1, f"{WANG},wang@uni.example,小明,王,")
    assert "还有 1 处作答等待人工评阅" in said
    code, _ = run(class_out, "--with-pending")
    table = (class_out / "return/grades-moodle.csv").read_text("utf-8-sig").splitlines()
    assert (code, table[1]) == (0, f"{WANG},wang@uni.example,小明,王,5")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--lesson", "99"], "no submission of 99"),
        (["--column", "x"], "LESSON=NAME"),
        (["--canvas", "export.csv"], "no column for 01_toy"),
        (["--moodle", "image.csv"], "not a table"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    class_out: Path, at_course: Course, tmp_path: Path, arguments: list[str], words: str
) -> None:
    (tmp_path / "export.csv").write_text("Student,ID,SIS Login ID,Section,Essay\nAnn Lee,1,x,A,\n")
    (tmp_path / "image.csv").write_bytes(b"\x89PNG\0\0")
    code, said = run(class_out, *[str(tmp_path / word) if word.endswith(".csv") else word for word in arguments])
    assert code == 1
    assert words in said
    assert not (class_out / "return").exists()


def test_a_folder_without_a_gradebook_is_none(tmp_path: Path, at_course: Course) -> None:
    code, said = run(tmp_path)
    assert (code, "没有成绩册" in said) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_a_page_of_somebody_who_has_gone_goes_too(class_out: Path, at_course: Course) -> None:
    run(class_out)
    (class_out / "return/feedback/gone.html").write_text("x")
    run(class_out)
    assert not (class_out / "return/feedback/gone.html").exists()


def test_the_help_is_in_both_languages() -> None:
    for name in ("return", "forget"):
        said = CliRunner().invoke(main, [name, "--help"]).output
        assert "OUT" in said
        assert "退出码" in said


def test_no_exchange_is_said_before_anything_is_written(class_out: Path, at_course: Course, tmp_path: Path) -> None:
    code, said = run(class_out, "--exchange")
    assert (code, "names no course" in said) == (1, True)
    with (class_out / CONFIG).open("a") as file:
        file.write("\nget_config().CourseDirectory.course_id = 'toys'\n")
        file.write(f"get_config().Exchange.root = {str(tmp_path / 'exchange')!r}\n")
    code, said = run(class_out, "--exchange")
    assert (code, "没有交换目录" in said) == (1, True)
    (tmp_path / "exchange").write_text("a file")
    assert "there is no exchange" in run(class_out, "--exchange")[1]
    assert not (class_out / "return").exists()


def test_an_exchange_that_cannot_be_written_is_said(
    class_out: Path, at_course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "exchange").mkdir()
    with (class_out / CONFIG).open("a") as file:
        file.write("\nget_config().CourseDirectory.course_id = 'toys'\n")
        file.write(f"get_config().Exchange.root = {str(tmp_path / 'exchange')!r}\n")
    exchange.check(class_out)
    monkeypatch.setattr(os, "access", lambda path, mode, **_: not mode & os.W_OK)  # root may write everywhere
    code, said = run(class_out, "--exchange")
    assert (code, "你没有权限写入交换目录" in said) == (1, True)
    assert not (class_out / "return").exists()


def test_nbgraders_exchange_gets_the_page_of_now(course: Course, at_course: Course, tmp_path: Path) -> None:
    place, out = tmp_path / "in", tmp_path / "out"
    tree = f"{ANN}/{toy.LESSON}"
    returned.hand_in(place, f"{tree}/{toy.LESSON}.ipynb", toy.answered(course, toy.BOTH), "2026-10-01 10:00:00 UTC")
    returned.hand_in(place, f"{BO}/{toy.LESSON}/{toy.LESSON}.ipynb", toy.answered(course, toy.BOTH))
    (place / tree / "submission_secret.txt").write_text("ab" * 64)
    outcome = returned.grade(place, out, course, None)
    assert outcome.collected.refused == []
    shutil.rmtree(place)  # what the exchange needs is kept with the submission
    (tmp_path / "exchange").mkdir()
    with (out / CONFIG).open("a") as file:
        file.write("\nget_config().CourseDirectory.course_id = 'toys'\n")
        file.write(f"get_config().Exchange.root = {str(tmp_path / 'exchange')!r}\n")
    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as db:
        db.find_comment("double", toy.LESSON, toy.LESSON, ANN).manual_comment = "very well"
        db.db.commit()
    code, said = run(out, "--exchange")
    assert "1 pages in the exchange" in said
    assert (code, f"{BO} · {toy.LESSON}: did not come through" in said) == (1, True)
    (page,) = (tmp_path / "exchange/toys/feedback").glob("*.html")
    assert "very well" in page.read_text("utf-8")
