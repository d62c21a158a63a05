"""One early mistake does not cost the rest: later answers are also tried on the values that the right one gives."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode

from course_lib.checking.results import Observed
from grader.batch import Options, grade_class
from grader.engine import Run
from grader.lesson import read_lesson
from grader.marking import CARRIED, Marked, Marker
from tests.grading import chain, toy


@pytest.fixture(scope="module")
def marker(tmp_path_factory: pytest.TempPathFactory) -> Marker:
    course = chain.make_course(tmp_path_factory.mktemp("chain"))
    return Marker(read_lesson(course.lesson("chain").source), seed=5)


def answered(marker: Marker, **answers: str) -> NotebookNode:
    notebook = copy.deepcopy(marker.released.notebook)
    for cell in notebook.cells:
        cell["source"] = answers.get(cell.id, cell.source)
    return notebook


def marked(marker: Marker, **answers: str) -> tuple[Marked, Run | None]:
    repaired = marker.open(nbformat.writes(answered(marker, **answers)).encode())
    run = toy.fake_run(marker.task(repaired))
    task = marker.second(repaired, run)
    second = None if task is None else toy.fake_run(task)
    return marker.mark(repaired, run, second), second


def test_what_an_exercise_calls_is_found_by_running_its_reference(marker: Marker) -> None:
    assert {name: made.needs for name, made in marker.judge.tables.items()} == {"then": frozenset({"first"})}
    calls = marker.judge.tables["then"].cases[0]
    assert [(call["name"], call["kwargs"]) for call in calls] == [("first", {"scale": 3.0})]
    assert marker.touched(frozenset({"first"})) == {"first", "then"}
    assert marker.touched(frozenset({"then"})) == {"first", "then"}  # the first decides how the other is tried


def test_a_right_answer_on_a_wrong_one_earns_its_points_and_is_told_why(marker: Marker) -> None:
    outcome, second = marked(marker, first=chain.WRONG_FIRST, then=chain.RIGHT["then"])
    assert second is not None
    assert outcome.scores == {"first-check": 0.0, "then-check": 3.0}
    assert outcome.results[1].notes == (CARRIED,)
    shown = next(cell for cell in outcome.notebook.cells if cell.id == "then-check")
    assert CARRIED.zh in str(shown.outputs)


def test_a_wrong_answer_earns_nothing_by_it(marker: Marker) -> None:
    outcome, _ = marked(marker, first=chain.WRONG_FIRST, then=chain.WRONG_THEN)
    assert outcome.scores == {"first-check": 0.0, "then-check": 0.0}
    assert outcome.results[1].notes == ()


def test_an_unanswered_first_exercise_does_not_cost_the_second(marker: Marker) -> None:
    assert marked(marker, then=chain.RIGHT["then"])[0].scores == {"first-check": 0.0, "then-check": 3.0}


def test_nothing_is_run_twice_without_need(marker: Marker) -> None:
    assert marked(marker, **chain.RIGHT)[1] is None
    assert marked(marker, first=chain.RIGHT["first"], then=chain.WRONG_THEN)[1] is None  # its own mistake
    own = "def then(x):\n    return 3.0 * x + 3.0"
    assert marked(marker, first=chain.WRONG_FIRST, then=own)[1] is None  # it never called the first


def test_a_call_that_the_reference_never_made_gets_no_value(marker: Marker) -> None:
    other = "def then(x):\n    y, scale = first(x * 2, 1.5)\n    return y + 2 * scale"
    outcome, second = marked(marker, first=chain.WRONG_FIRST, then=other)
    assert second is not None
    observed = second.probes[0].observed[0]
    assert isinstance(observed, Observed)
    assert observed.error is not None
    assert observed.error.type == "LookupError"
    assert outcome.scores["then-check"] == 0.0


def test_only_values_are_sent(marker: Marker) -> None:
    job = marker.judge.job_with_tables("then")
    assert "scale * x" not in job.probe_source
    assert "BEGIN SOLUTION" not in job.probe_source
    assert replace(job, cases=()).exercise == "then"


@pytest.mark.sandbox
def test_it_holds_in_the_sandbox(tmp_path: Path) -> None:
    course = chain.make_course(tmp_path / "course")
    marker = Marker(read_lesson(course.lesson("chain").source), seed=5)
    answers = {
        "unlucky": {"first": chain.WRONG_FIRST, "then": chain.RIGHT["then"]},
        "wrong": {"first": chain.WRONG_FIRST, "then": chain.WRONG_THEN},
        "right": chain.RIGHT,
    }
    for student, given in answers.items():
        path = tmp_path / "submitted" / student / chain.LESSON / f"{chain.LESSON}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(nbformat.writes(answered(marker, **given)), encoding="utf-8")
    outcome = grade_class(tmp_path / "submitted", tmp_path / "out", course, Options(jobs=1))
    assert {r.student: r.score for r in outcome.receipts} == {"unlucky": 3.0, "wrong": 0.0, "right": 5.0}
