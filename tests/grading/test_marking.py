"""From bytes to scores and the notebook that shows them, with a run that needs no sandbox."""

from __future__ import annotations

import dataclasses
import json

import nbformat
import numpy as np
import pytest
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader.utils import determine_grade

from course_lib.checking.results import Observed, RaisedError
from grader.course import Course
from grader.engine.events import event
from grader.engine.tasks import ProbeRun
from grader.marking import Marked, Marker
from grader.opening import Unreadable
from tests.grading import toy


def mark(marker: Marker, notebook: NotebookNode) -> Marked:
    repaired = marker.open(nbformat.writes(notebook).encode())
    marked = marker.mark(repaired, toy.fake_run(marker.task(repaired)))
    nbformat.validate(marked.notebook)
    return marked


def test_scores_verdicts_and_diagnosis(marker: Marker, course: Course) -> None:
    assert mark(marker, toy.answered(course, toy.BOTH)).scores == {"double-check": 3.0, "total-check": 2.0}
    half = mark(marker, toy.answered(course, {"double": toy.DOUBLE}))
    assert [r.verdict for r in half.results] == ["pass", "not_run"]
    assert half.unanswered == {"total"}
    negated = mark(marker, toy.answered(course, {**toy.BOTH, "double": toy.DOUBLE.replace("2", "-2")}))
    assert negated.scores == {"double-check": 0.0, "total-check": 2.0}
    assert negated.results[0].misconception == "negated"


def test_nbgrader_reads_our_points_off_the_check_cells(marker: Marker, course: Course) -> None:
    marked = mark(marker, toy.answered(course, {"double": toy.DOUBLE}))
    read = {
        cell.id: determine_grade(cell)[0]
        for cell in marked.notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    assert read == marked.scores


def test_a_students_own_cells_earn_nothing(marker: Marker, course: Course) -> None:
    notebook = toy.answered(course, {})
    for cell in notebook.cells:
        if cell.id.endswith("-check"):
            cell["source"] = "3.0"
            cell["outputs"] = [new_output("execute_result", data={"text/plain": "3.0"}, execution_count=1)]
    assert set(mark(marker, notebook).scores.values()) == {0.0}


def test_hidden_cases_are_never_shown(marker: Marker, course: Course) -> None:
    leaky = (
        "def double(x):\n    if len(x) > 2:\n        raise ValueError('inputs: ' + repr(x.tolist()))\n    return 2 * x",
        "def double(x):\n    return 2 * x + (1234.5 if len(x) > 2 else 0)",
        "def double(x):\n    return 2 * x if len(x) == 2 else x[:3]",
    )
    hidden = [case for case in marker.judge.packs["double"].cases if case.hidden]
    secrets = [f"{number:.4g}" for case in hidden for number in np.ravel(case.inputs["x"].data)]
    secrets += [f"{2 * float(number):.4g}" for case in hidden for number in np.ravel(case.inputs["x"].data)]
    for source in leaky:
        marked = mark(marker, toy.answered(course, {**toy.BOTH, "double": source}))
        said = json.dumps([cell.get("outputs") for cell in marked.notebook.cells])
        assert marked.results[0].score < 3.0
        assert "hidden" in said
        assert [s for s in (*secrets, "inputs: ", "1234.5", "1235") if s in said] == []


def test_a_public_failure_does_not_show_what_only_hidden_cases_found(marker: Marker, course: Course) -> None:
    # y is wrong already in the public case, its sum (0 there) only in the hidden one.
    marked = mark(marker, toy.answered(course, {"double": "def double(x):\n    return -2 * x"}))
    y, total = marked.results[0].properties
    assert y.difference is not None
    assert y.difference.reason == "values"
    assert total.difference is not None
    assert total.difference.reason == "hidden"
    assert total.difference.expected is None


def test_a_fault_of_the_grader_costs_nothing_and_is_marked(marker: Marker, course: Course) -> None:
    repaired = marker.open(nbformat.writes(toy.answered(course, {})).encode())
    run = toy.fake_run(marker.task(repaired))
    lost = ProbeRun("double", (event("worker_lost"),) * len(run.probes[0].observed))
    marked = marker.mark(repaired, dataclasses.replace(run, probes=(lost, run.probes[1])))
    assert marked.scores == {"double-check": 3.0, "total-check": 0.0}
    assert marked.review == {"double-check"}


def test_an_unreadable_file_still_gets_a_page(marker: Marker) -> None:
    with pytest.raises(Unreadable) as caught:
        marker.open(b"{")
    marked = marker.unreadable(caught.value.text)
    assert set(marked.scores.values()) == {0.0}
    assert {r.verdict for r in marked.results} == {"not_run"}
    assert "not valid JSON" in marked.notebook.cells[0].source
    assert "不是有效的 JSON" in marked.notebook.cells[0].source


def test_hostile_words_do_not_survive(marker: Marker, course: Course) -> None:
    bad = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    notebook = toy.answered(course, {"double": f"def double(x):\n    raise ValueError({bad!r})", "total": toy.TOTAL})
    notebook.cells.append(new_markdown_cell(f"mine {bad}"))
    notebook.cells.append(new_code_cell(f"raise ValueError({bad!r})"))
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": bad}}
    notebook.metadata["title"] = bad
    marked = mark(marker, notebook)
    for cell in marked.notebook.cells:
        if cell.cell_type == "markdown":
            assert "onerror" not in cell.source
        for output in cell.get("outputs", []):
            assert "<script" not in output.get("data", {}).get("text/html", "")
            assert "<img src=x" not in output.get("data", {}).get("text/html", "")
    assert set(marked.notebook.metadata) <= {"kernelspec", "language_info", "course"}


def test_the_lessons_own_demonstrations_are_run_only_where_they_are_needed(marker: Marker, course: Course) -> None:
    ran = [
        source.split("\n")[0]
        for source in marker.task(marker.open(nbformat.writes(toy.answered(course, toy.BOTH)).encode())).cells
    ]
    assert ran == ["import numpy as np", "def double(x):", "def total(x):"]
    notebook = toy.answered(course, {**toy.BOTH, "total": "def total(x):\n    return float(np.sum(x)) + OFFSET"})
    notebook.cells.append(new_code_cell("print('mine')"))
    cells = marker.task(marker.open(nbformat.writes(notebook).encode())).cells
    assert cells[-1] == "print('mine')"
    assert any(source.startswith("OFFSET") for source in cells)


def test_observed_and_event_count_as_an_answer(marker: Marker) -> None:
    cases = len(marker.judge.packs["total"].cases)
    seen = (Observed({}, RaisedError("NotImplementedError", "")),) * cases
    assert marker.judge.judge("total", seen).verdict == "not_run"
    assert marker.judge.judge("total", (event("probe_timeout", exercise="total", seconds=1),) * cases).verdict == "fail"
