"""Right answers are tried once more in another place: advice, and never points."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

import grader
from grader import batch
from grader.commands.grade import command
from grader.course import Course
from grader.elsewhere import Elsewhere
from grader.engine.accelerators import Accelerator
from grader.lesson import Lesson, read_lesson
from grader.reference import exercise_ids, load_exercises, solution_cell, without_marks
from grader.release import student_notebook

pytestmark = pytest.mark.sandbox
HERE = Course(Path(grader.__file__).parents[1])
WRONG = "log_softmax"  # a right answer on the CPU that would not run on a GPU
FAILS = "leaky_relu"  # and one that is wrong everywhere


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return read_lesson(HERE.lesson("losses").source)


@pytest.fixture(scope="module")
def notebook(lesson: Lesson) -> nbformat.NotebookNode:
    """All answers right on the CPU but one."""
    made = nbformat.from_dict(student_notebook(HERE, lesson, "en"))
    specs = load_exercises(lesson)
    answers = {name: solution_cell(lesson, name).source for name in exercise_ids(lesson)}
    answers[WRONG] = specs[WRONG].device_wrong[0].apply(answers[WRONG])
    answers[FAILS] = specs[FAILS].wrong[0].apply(answers[FAILS])
    for cell in made.cells:
        if cell.id in answers:
            cell.source = without_marks(answers[cell.id])
    return made


@pytest.fixture(scope="module")
def results(notebook: nbformat.NotebookNode) -> Iterator[dict[str, grader.Result]]:
    graded = {}
    for device in ("cpu", "simulated"):
        with grader.Grader("losses", seed=3, course=HERE.root, device=device) as one:
            graded[device] = one.grade(notebook)
    yield graded


def test_scores_are_the_cpus_and_the_advice_names_the_answer(results: dict[str, grader.Result]) -> None:
    here, there = results["cpu"], results["simulated"]
    assert here.scores == there.scores
    assert here.elsewhere == {}
    assert {name: tried.reason for name, tried in there.elsewhere.items()} == {
        "strict_mse": "", WRONG: "error", "cross_entropy": "", "bce_with_logits": "",
    }  # fmt: skip
    said = there.elsewhere[WRONG].text
    assert said is not None
    assert "has all its points" in said.en and "分数全得" in said.zh and "{" not in said.en + said.zh
    json.dumps(there.to_dict())


def test_the_advice_stands_in_the_students_notebook_alone(results: dict[str, grader.Result]) -> None:
    shown = nbformat.writes(results["simulated"].notebook)
    assert "It does not run on an accelerator (simulated here) yet" in shown
    assert "does not run on" not in nbformat.writes(results["cpu"].notebook)
    assert all("does not run on" not in note.en for e in results["simulated"].exercises for note in e.notes)


def test_a_class_keeps_it_in_the_receipt(notebook: nbformat.NotebookNode, tmp_path: Path) -> None:
    path = tmp_path / "in" / "ann" / "08_losses" / "08_losses.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    out = tmp_path / "out"
    words = [str(tmp_path / "in"), "--out", str(out), "--jobs", "1", "--seed", "3", "--device"]
    ran = CliRunner().invoke(command, [*words, "simulated"])
    assert ran.exit_code == 0, ran.output
    receipt = json.loads((out / "receipts" / "08_losses" / "ann.json").read_text())
    assert receipt["device"] == "simulated"
    assert receipt["elsewhere"][f"losses.{WRONG}"]["reason"] == "error"
    assert receipt["elsewhere"]["losses.strict_mse"] == {"device": "simulated", "reason": "", "text": None}
    assert "does not run on an accelerator" in (out / "feedback" / "ann" / "08_losses" / "08_losses.html").read_text()


def test_advice_that_cannot_be_had_costs_no_verdict(
    notebook: nbformat.NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox of an accelerator does not start; then one that starts is judged by something broken."""
    path = tmp_path / "in" / "ann" / "08_losses" / "08_losses.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    gone = (Accelerator("cuda:0", nodes=(tmp_path / "no-such-node",)),)
    monkeypatch.setattr(batch, "for_grading", lambda *_: gone)
    first = batch.grade_class(tmp_path / "in", tmp_path / "first", HERE, batch.Options(jobs=1, seed=3))
    monkeypatch.setattr(batch, "for_grading", lambda *_: ())
    monkeypatch.setattr(Elsewhere, "_one", lambda *_: 1 / 0)
    options = batch.Options(jobs=1, seed=3, device="simulated")
    second = batch.grade_class(tmp_path / "in", tmp_path / "second", HERE, options)
    for outcome in (first, second):
        assert outcome.complete and outcome.failures == []
        assert outcome.receipts[0].elsewhere == {}
        assert sum(e.verdict == "pass" for e in outcome.receipts[0].exercises) == 4


def test_an_accelerator_that_is_not_there_is_refused_before_anything_is_graded(tmp_path: Path) -> None:
    from grader.engine.accelerators import accelerators_for

    if accelerators_for("auto"):
        pytest.skip("this machine has an accelerator")
    (tmp_path / "in").mkdir()
    ran = CliRunner().invoke(command, [str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--device", "cuda"])
    assert ran.exit_code == 1
    assert "--device cuda needs an accelerator" in ran.output and "需要加速器" in ran.output
    assert not (tmp_path / "out").exists()
