"""A class through the whole pipeline, in the sandbox."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook

from grader import batch as module
from grader import keeping
from grader.batch import Options, Outcome, grade_class
from grader.commands.grade import command
from grader.course import Course
from grader.marking import Marked
from grader.receipts import read_receipt, receipt_path
from tests.grading import toy

pytestmark = pytest.mark.sandbox
FINAL = {"right": 5.0, "half": 3.0, "negated": 2.0, "broken": 0.0}
OPTIONS = Options(jobs=1)


def scores(outcome: Outcome) -> dict[str, float]:
    return {receipt.student: receipt.score for receipt in outcome.receipts}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_a_class_from_end_to_end(submitted: Path, out: Path, course: Course) -> None:
    (submitted / "right" / toy.LESSON / "notes.pdf").write_bytes(b"x")
    seen: list[tuple[int, int]] = []
    outcome = grade_class(submitted, out, course, OPTIONS, lambda done, total, _: seen.append((done, total)))
    assert scores(outcome) == FINAL
    assert seen == [(n, 4) for n in (1, 2, 3, 4)]
    assert outcome.complete
    assert [name for name, _ in outcome.collected.refused] == [f"right/{toy.LESSON}/notes.pdf"]

    for student in FINAL:
        page = BeautifulSoup(
            (out / "feedback" / student / toy.LESSON / f"{toy.LESSON}.html").read_text("utf-8"), "html.parser"
        )
        assert f"{FINAL[student]:g}" in page.select_one(".score").get_text()  # type: ignore[union-attr]
        assert {"Feedback", "反馈"} <= {span.get_text() for span in page.select("h1 span")}
    assert "is not valid JSON" in (out / "feedback/broken" / toy.LESSON / f"{toy.LESSON}.html").read_text("utf-8")
    assert (out / "grades.csv").read_bytes().startswith(b"\xef\xbb\xbf")  # for spreadsheets that guess encodings
    assert (out / "submitted/broken" / toy.LESSON / f"{toy.LESSON}.ipynb").read_bytes() == b'{"cells": ['
    assert (out / "report/index.html").is_file()

    receipt = read_receipt(receipt_path(out / "receipts", toy.LESSON, "negated"))
    assert receipt.exercises[0].misconception == "negated"
    assert receipt.exercises[0].properties[0]["cases"] == 2
    seed = json.loads((out / "receipts/batch.json").read_text())["seed"]
    assert {r.seed for r in outcome.receipts} == {seed}
    if os.name == "posix":
        assert (out / "receipts/batch.json").stat().st_mode & 0o077 == 0  # the seed is the grader's alone


def test_a_second_run_does_nothing_and_a_change_is_graded(submitted: Path, out: Path, course: Course) -> None:
    first = grade_class(submitted, out, course, OPTIONS)
    before = {p: p.stat().st_mtime_ns for p in out.glob("autograded/*/*/*.ipynb")}
    second = grade_class(submitted, out, course, OPTIONS)
    assert (second.graded, sorted(second.skipped)) == ([], sorted(FINAL))
    assert scores(second) == FINAL
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert {r.seed for r in second.receipts} == {r.seed for r in first.receipts}

    toy.hand_in(submitted, "half", toy.answered(course, toy.BOTH))
    third = grade_class(submitted, out, course, OPTIONS)
    assert third.graded == ["half"]
    assert scores(third) == {**FINAL, "half": 5.0}
    assert len({r.seed for r in third.receipts}) == 1  # one class, one set of hidden cases


def test_a_changed_exercise_is_graded_again(
    submitted: Path, out: Path, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    grade_class(submitted, out, course, OPTIONS)
    monkeypatch.setattr(module, "exercise_hashes", lambda _: {"double": "new", "total": "new"})
    assert sorted(grade_class(submitted, out, course, OPTIONS).graded) == sorted(FINAL)


def test_a_regrade_runs_only_what_has_changed_and_shows_each_changed_score(
    submitted: Path, out: Path, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    grade_class(submitted, out, course, OPTIONS)
    pages = {s: (out / "feedback" / s / toy.LESSON / f"{toy.LESSON}.html").read_text("utf-8") for s in FINAL}
    probed: list[list[str]] = []
    submit = module.SandboxPool.submit_task
    hashes = module.exercise_hashes
    monkeypatch.setattr(module, "exercise_hashes", lambda lesson: {**hashes(lesson), "total": "new"})
    monkeypatch.setattr(
        module.SandboxPool,
        "submit_task",
        lambda pool, task: probed.append([job.exercise for job in task.probes]) or submit(pool, task),
    )
    # A score that only a changed exercise can explain: nothing else may come to light again.
    path = receipt_path(out / "receipts", toy.LESSON, "negated")
    tree = json.loads(path.read_text("utf-8"))
    tree["scores"]["total-check"], tree["scores"]["double-check"] = 0.5, 2.5
    tree["exercises"][0]["score"] = 2.5
    path.write_text(json.dumps(tree), encoding="utf-8")

    second = grade_class(submitted, out, course, OPTIONS)
    assert sorted(second.graded) == sorted(FINAL)
    assert probed == [["total"]] * 3  # one of the four cannot be opened
    assert second.changes == [module.Change("negated", toy.LESSON, "total-check", 0.5, 2.0, ("again",))]
    assert scores(second)["negated"] == 4.5  # 2.5 as it was kept, and 2
    for student in ("right", "half"):
        page = (out / "feedback" / student / toy.LESSON / f"{toy.LESSON}.html").read_text("utf-8")
        assert BeautifulSoup(page, "html.parser").main == BeautifulSoup(pages[student], "html.parser").main


def test_a_run_that_has_nothing_to_do_is_short_of_words_and_imports_no_torch(
    submitted: Path, out: Path, at_course: Course
) -> None:
    (at_course.root / "grader" / "exercises").mkdir(exist_ok=True)
    toy_folder = at_course.root / "grader" / "exercises" / "toy"
    if not toy_folder.exists():
        shutil.copytree(Path(toy.__file__).parent / "toy_exercises" / "toy", toy_folder)
    grade_class(submitted, out, at_course, OPTIONS)
    script = (
        "import sys\nfrom click.testing import CliRunner\nfrom grader.commands.grade import command\n"
        f"done = CliRunner().invoke(command, [{str(submitted)!r}, '--out', {str(out)!r}])\n"
        "print(done.output)\n"
        "print([name for name in ('torch', 'matplotlib', 'rfc3987_syntax') if name in sys.modules])\n"
    )
    path = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path, "GRADER_COURSE": str(at_course.root)}
    before = (out / "report/index.html").stat().st_mtime_ns
    ran = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert "0 graded, 4 unchanged" in ran.stdout and f"{out / 'grades.csv'}\n" in ran.stdout
    assert "total" not in ran.stdout, "no table of scores that were shown before"
    assert (out / "report/index.html").stat().st_mtime_ns == before
    assert ran.stdout.splitlines()[-1] == "[]"


def test_feedback_pages_are_those_of_nbgraders_own_generator(submitted: Path, out: Path, course: Course) -> None:
    grade_class(submitted, out, course, OPTIONS)
    ours = {s: (out / "feedback" / s / toy.LESSON / f"{toy.LESSON}.html").read_text("utf-8") for s in FINAL}
    command = [str(Path(sys.executable).parent / "nbgrader"), "generate_feedback", toy.LESSON, "--force"]
    subprocess.run(command, cwd=out, capture_output=True, text=True, check=True)
    for student, page in ours.items():
        theirs = (out / "feedback" / student / toy.LESSON / f"{toy.LESSON}.html").read_text("utf-8")
        assert theirs != page  # it was written anew
        assert _parsed(page) == _parsed(theirs)


def _parsed(page: str) -> list[str]:
    """The page as a browser reads it: nonces and the white space between tags aside."""
    soup = BeautifulSoup(page, "html.parser")
    text = re.sub(r"nonce-[\w-]+|nonce=\"[\w-]+\"", "nonce", str(soup))
    return [part for part in re.split(r"\s*(<[^>]*>)\s*", text) if part.strip()]


def test_what_was_cut_off_is_finished(
    submitted: Path, out: Path, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(keeping, "write_receipt", power_cut)  # everything but the receipt is there
        with pytest.raises(KeyboardInterrupt):
            grade_class(submitted, out, course, OPTIONS)
    assert list((out / "receipts").glob("*/*.json")) == []
    outcome = grade_class(submitted, out, course, OPTIONS)
    assert sorted(outcome.graded) == sorted(FINAL)
    assert scores(outcome) == FINAL


def test_an_error_in_one_does_not_stop_the_others(
    submitted: Path, out: Path, course: Course, monkeypatch: pytest.MonkeyPatch, at_course: Course
) -> None:
    def faulty(batch: module._Batch, work: module._Work, marked: Marked) -> None:
        if work.submission.student == "half":
            raise RuntimeError("a fault of the grader")
        save(batch, work, marked)

    save = module._Batch._save
    monkeypatch.setattr(module._Batch, "_save", faulty)
    outcome = grade_class(submitted, out, course, OPTIONS)
    assert scores(outcome) == {student: score for student, score in FINAL.items() if student != "half"}
    assert [(f.student, f.message) for f in outcome.failures] == [("half", "RuntimeError: a fault of the grader")]
    assert not outcome.complete
    assert "a fault of the grader" in (out / "report/index.html").read_text("utf-8")
    again = CliRunner().invoke(command, [str(submitted), "--out", str(out), "--jobs", "1"])
    assert again.exit_code == 1, again.output


def test_a_persons_scores_survive_a_regrade(submitted: Path, out: Path, course: Course) -> None:
    grade_class(submitted, out, course, OPTIONS)
    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        book.find_grade("double-check", toy.LESSON, toy.LESSON, "negated").manual_score = 1.5
        book.find_comment("double", toy.LESSON, toy.LESSON, "negated").manual_comment = "look at the **sign**"
        book.db.commit()
    grade_class(submitted, out, course, Options(jobs=1, force=True))
    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        assert book.find_grade("double-check", toy.LESSON, toy.LESSON, "negated").score == 1.5
        assert book.find_submission(toy.LESSON, "negated").score == 3.5
    page = (out / "feedback/negated" / toy.LESSON / f"{toy.LESSON}.html").read_text("utf-8")
    assert "look at the <strong>sign</strong>" in page
    assert "negated,01_toy,3.5" in (out / "grades.csv").read_text("utf-8-sig")


def test_hostile_output_reaches_no_page(course: Course, tmp_path: Path, out: Path) -> None:
    attack = (
        "from IPython.display import HTML, Javascript, SVG, display\n"
        "display(HTML(\"<p>words</p><script>alert('owned')</script><img src=x onerror=alert('owned')>\"))\n"
        "display(Javascript(\"alert('owned')\"))\n"
        "display(SVG(data=\"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>\"))\n"
        "print('\\x1b[31m<script>alert(1)</script>')\n"
        "raise ValueError('<script>alert(1)</script>')\n"
    )
    notebook = toy.answered(course, toy.BOTH)
    notebook.cells.append(new_code_cell(attack))
    toy.hand_in(tmp_path / "submitted", "mallory", notebook)
    assert scores(grade_class(tmp_path / "submitted", out, course, OPTIONS)) == {"mallory": 5.0}
    page = BeautifulSoup(
        (out / "feedback/mallory" / toy.LESSON / f"{toy.LESSON}.html").read_text("utf-8"), "html.parser"
    )
    assert "words" in page.get_text()
    outputs = page.select(".output_wrapper")
    assert len(outputs) == 1
    assert outputs[0].select("script, svg, iframe") == []
    assert [t for t in page.find_all(True) if any(name.startswith("on") for name in t.attrs)] == []
    assert len(page.find_all("script")) <= 2  # MathJax and its settings


def test_the_command_line(submitted: Path, out: Path, at_course: Course) -> None:
    done = CliRunner().invoke(
        command, [str(submitted), "--out", str(out), "--jobs", "1", "--lesson", "toy", "--seed", "7"]
    )
    assert done.exit_code == 0, done.output
    assert "4 graded" in done.output
    assert read_receipt(receipt_path(out / "receipts", toy.LESSON, "right")).seed == 7
    wrong = CliRunner().invoke(command, [str(submitted), "--out", str(out), "--lesson", "nonsense"])
    assert wrong.exit_code == 1
    assert "01_toy" in wrong.output
    refused = CliRunner().invoke(command, [str(submitted), "--out", str(out), "--device", "cuda"])
    assert "--device" in refused.output
    assert "加速器" in refused.output


def test_a_second_writer_finds_the_folder_an_nbgrader_course(submitted: Path, out: Path, at_course: Course) -> None:
    grade_class(submitted, out, at_course, OPTIONS)
    script = (
        "from traitlets.config import Config\n"
        "from nbgrader.apps import NbGraderAPI\nfrom nbgrader.apps.nbgraderapp import NbGraderApp\n"
        "app = NbGraderApp()\napp.initialize([])\n"
        "api = NbGraderAPI(config=app.config)\n"
        f"found = api.get_submissions({toy.LESSON!r})\n"
        "print(sorted((s['student'], s['score'], s['needs_manual_grade']) for s in found))\n"
        "print([(a['name'], a['num_submissions'], a['max_score']) for a in api.get_assignments()])\n"
    )
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=out, env=environment, capture_output=True, text=True, check=True
    )
    listed = [line for line in ran.stdout.splitlines() if line.startswith("[(")]
    assert listed[0] == str(sorted((name, score, name == "broken") for name, score in FINAL.items()))
    assert listed[1] == str([(toy.LESSON, 4, 5.0)])


def test_a_roster_beside_the_submissions_is_used(submitted: Path, out: Path, at_course: Course) -> None:
    lines = ["学号,姓名", "right,王小明", "half,Ann Lee", "absent,Bo Wang"]
    (submitted.parent / "students.csv").write_text("\n".join(lines), encoding="gb18030")
    (submitted / "negated").rename(submitted / "Ann Lee_4711_assignsubmission_file_")
    shutil.rmtree(submitted / "half")
    shutil.rmtree(submitted / "broken")
    done = CliRunner().invoke(command, [str(submitted), "--out", str(out), "--jobs", "1"])
    assert done.exit_code == 0, done.output
    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as book:
        names = {s.id: (s.last_name, s.first_name) for s in book.students}
        graded = {s.student_id for s in book.assignment_submissions(toy.LESSON)}
    assert names == {"right": ("王", "小明"), "half": ("Lee", "Ann"), "absent": ("Wang", "Bo")}
    assert graded == {"right", "half"}  # Moodle's folder went to the id that the roster has for the name
    page = (out / "report/index.html").read_text("utf-8")
    assert "no submission from 1 of 3 students: Bo Wang (absent)" in page
    assert "3 名学生中有 1 名没有提交" in page


def test_a_roster_that_is_wrong_stops_before_anything_is_graded(submitted: Path, out: Path, at_course: Course) -> None:
    bad = submitted.parent / "class.csv"
    bad.write_text("id,name\n1,Ann\n1,Bo\n", encoding="utf-8")
    said = CliRunner().invoke(command, [str(submitted), "--out", str(out), "--roster", str(bad)])
    assert said.exit_code == 1
    assert "class.csv, line 3" in said.output
    assert not out.exists()
