from __future__ import annotations

import json
import os
from typing import Any

import pytest
from click.testing import CliRunner, Result
from nbformat import v4

from grader.build import build_lesson, environment, make_packs, tidy
from grader.commands.build import command
from grader.notebook import to_notebook
from grader.staleness import made_from, read_built, staleness
from tests.authoring.tiny import Tiny


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def put_down(tiny: Tiny) -> None:
    """The notebook as a build would leave it, without running it."""
    lesson = tiny.lesson()
    notebook = to_notebook(lesson, "both", {"double": 3.0})
    notebook.metadata["course"] = made_from(tiny.course, lesson.ref)
    lesson.ref.notebook.write_text(json.dumps(notebook), encoding="utf-8")
    make_packs(tiny.course, lesson)


def test_what_is_fresh_is_left_alone(full: Tiny) -> None:
    assert staleness(full.course, full.ref) == ["it has not been built yet"]
    put_down(full)
    assert staleness(full.course, full.ref) == []
    before = full.ref.notebook.stat().st_mtime_ns
    assert invoke("--check").output == invoke().output == "01_tiny: up to date\n"
    assert full.ref.notebook.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Two lines", "Some lines", "cell card-en (line"),
        ("start | 起点", "begin | 起点", "cell imports (line"),
        ('id="show"', 'id="shown"', "cell shown (line"),
        ('id="show"', 'id="shown"', "cell show is gone"),
        ("points=2", "points=3", "cell why (line"),
        ("    text_representation", "    # a note\n#     text_representation", "its source changed outside the cells"),
    ],
)
def test_a_stale_notebook_names_the_cell(full: Tiny, old: str, new: str, reason: str) -> None:
    put_down(full)
    full.edit(old, new)
    result = invoke("tiny", "--check")
    assert result.exit_code == 1
    assert result.output.startswith("01_tiny: ") and reason in result.output
    assert result.output.endswith("run: grader build tiny\n")


def test_cells_in_another_order_are_seen(full: Tiny) -> None:
    put_down(full)
    text = full.source.read_text(encoding="utf-8")
    start, end = text.index('# %% id="show"'), text.index('# %% [markdown] id="why"')
    full.source.write_text(text[:start] + text[end:] + "\n" + text[start:end], encoding="utf-8")
    assert staleness(full.course, full.ref) == ["cells stand in another order, from why on"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("requirements.lock", "requirements.lock changed"),
        ("grader/exercises/tiny/double.py", "grader/exercises/tiny/ changed"),
    ],
)
def test_versions_and_exercises_count(full: Tiny, path: str, reason: str) -> None:
    put_down(full)
    with (full.course.root / path).open("a", encoding="utf-8") as file:
        file.write("# more\n")
    assert staleness(full.course, full.ref) == [reason]


def test_a_missing_pack_counts(full: Tiny) -> None:
    put_down(full)
    (full.course.root / "course_lib" / "packs" / "tiny" / "double.safetensors").unlink()
    assert staleness(full.course, full.ref) == ["check packs are missing: double"]


def test_exit_status_2_for_what_cannot_be_read(tiny: Tiny) -> None:
    assert invoke("7").exit_code == 2
    tiny.edit('id="show"', 'id="imports"')
    result = invoke()
    assert result.exit_code == 2 and "grader build: 01_tiny.py:" in result.output


def test_a_reference_that_fails_names_its_line(full: Tiny) -> None:
    full.edit("from course_lib import Text, check, say\n", "from course_lib import Text, check, say\n\nboom\n")
    line = full.source.read_text(encoding="utf-8").split("boom")[0].count("\n") + 1
    result = invoke()
    assert result.exit_code == 1
    assert f"01_tiny.py:{line}: cell imports: NameError: name 'boom' is not defined" in result.output


def test_a_build_sees_no_gpu_and_no_grading(full: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setenv("COURSE_LANG", "zh")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    seen = environment(full.course)
    assert "NBGRADER_EXECUTION" not in seen
    assert (seen["CUDA_VISIBLE_DEVICES"], seen["COURSE_LANG"], seen["OMP_NUM_THREADS"]) == ("", "both", "7")
    assert seen["PYTHONPATH"].split(os.pathsep)[0] == str(full.course.root)


def test_tidy_takes_out_what_changes_from_run_to_run(tiny: Tiny) -> None:
    notebook = to_notebook(tiny.lesson(), "both", {"double": 3.0})
    notebook.metadata["widgets"] = {"state": {}}
    notebook.metadata["language_info"]["version"] = "3.11.7"
    cell = next(cell for cell in notebook.cells if cell.id == "show")
    cell.metadata["execution"] = {"iopub.status.busy": "2026-01-01"}
    live = "application/vnd.jupyter.widget-view+json"
    cell.outputs = [
        v4.new_output("display_data", {live: {"model_id": "1"}, "text/plain": "a picture"}),
        v4.new_output("display_data", {live: {"model_id": "2"}}),
    ]
    tidy(notebook)
    assert [dict(output.data) for output in cell.outputs] == [{"text/plain": "a picture"}]
    assert "widgets" not in notebook.metadata and "version" not in notebook.metadata.language_info
    assert "execution" not in cell.metadata


def outputs(tiny: Tiny, cell_id: str) -> list[dict[str, Any]]:
    built = read_built(tiny.ref)
    assert built is not None
    return next(cell["outputs"] for cell in built["cells"] if cell["id"] == cell_id)


@pytest.mark.kernel
def test_building_runs_the_notebook_and_is_repeatable(full: Tiny) -> None:
    result = invoke()
    assert (result.exit_code, result.stdout) == (0, "01_tiny: built\n")
    first = full.lesson().ref.notebook.read_bytes()
    assert "".join(outputs(full, "show")[0]["text"]) == "3 doubled is 6\n3 加倍后是 6\n"
    (answer,) = outputs(full, "double-check")
    assert "text/html" in answer["data"] and "3" in "".join(answer["data"]["text/plain"])
    text = first.decode()
    assert "iopub" not in text and str(full.course.root) not in text
    assert invoke().output == "01_tiny: up to date\n"
    assert invoke("--force").exit_code == 0
    assert full.lesson().ref.notebook.read_bytes() == first


@pytest.mark.kernel
def test_what_is_edited_during_a_build_is_not_taken_for_built(full: Tiny) -> None:
    def edit_while_it_runs(what: str, done: int, total: int) -> None:
        if done == 1:
            full.edit("# P(y | x) stays whole", "# P(y | x) stays whole, as it should")

    build_lesson(full.course, full.lesson(), edit_while_it_runs)
    (reason,) = staleness(full.course, full.ref)
    assert reason.startswith("cell show (line ") and reason.endswith(") changed")


@pytest.mark.kernel
def test_a_reference_that_another_cell_spoils_is_found(full: Tiny) -> None:
    """Grading leaves that cell out; so what it does must not matter."""
    full.edit('check("tiny.double")', 'double = lambda x: 3 * x\ncheck("tiny.double")')
    result = invoke()
    assert result.exit_code == 1
    assert "cell double-check: the reference does not pass its check" in result.output


@pytest.mark.kernel
def test_a_cell_that_fails_is_named_and_nothing_is_written(full: Tiny) -> None:
    full.edit("# P(y | x) stays whole\n", "# P(y | x) stays whole\n\nraise KeyError('gone')\n")
    line = full.source.read_text(encoding="utf-8").split("raise KeyError")[0].count("\n") + 1
    result = invoke()
    assert result.exit_code == 1
    assert f"01_tiny.py:{line}: cell show: KeyError: 'gone'" in result.output
    assert "Traceback" in result.output
    assert not full.lesson().ref.notebook.exists()
