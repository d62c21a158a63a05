"""``grader build``: the lesson's packs, then its notebook in both languages, run on the CPU, with its outputs.

lesson.py ──read──▶ cells ──to_notebook──▶ notebook ──run in the lesson's folder──▶ outputs ──tidy──▶ lesson.ipynb
                      └──write_packs──▶ course_lib/packs (the check cells need them)
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course_lib._output import WIDGET
from course_lib.checking.words import SIGNS
from grader.course import Course
from grader.lesson import Lesson, place
from grader.notebook import LANGUAGE_INFO, to_notebook
from grader.staleness import made_from

CELL_TIMEOUT = 120  # seconds
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_TRACE_LINE = re.compile(r"Cell In\[\d+\], line (\d+)")

Progress = Callable[[str, int, int], None]


class BuildError(Exception):
    """A cell failed. The message names the file, the line, the cell and the traceback."""


def build_lesson(course: Course, lesson: Lesson, progress: Progress = lambda *_: None) -> Path:
    """Builds one lesson and writes its notebook, whole or not at all.

    progress: called with (what is done, cells done, cells in all). Raises BuildError where a cell fails, LessonError
    or ExerciseError where the lesson does not fit its exercises.
    """
    made = made_from(course, lesson.ref)  # before it is run: what somebody edits meanwhile is not in it
    progress("notebook", 0, len(lesson.cells))
    notebook = to_notebook(lesson, "both")
    progress("check packs", 0, len(lesson.cells))
    make_packs(course, lesson)
    run_notebook(course, lesson, notebook, progress)
    every_check_passed(lesson, notebook)
    tidy(notebook)
    notebook.metadata["course"] = made
    _write(notebook, lesson.ref.notebook)
    return lesson.ref.notebook


def make_packs(course: Course, lesson: Lesson) -> None:
    """Writes the check packs. Raises BuildError where a cell of the lesson fails while its solutions are run."""
    from grader.packing import write_packs
    from grader.reference import ExerciseError

    try:
        write_packs(course, lesson)
    except ExerciseError:
        raise
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        cells = {f"<cell {cell.id}>": index for index, cell in enumerate(lesson.cells)}
        here = [frame for frame in frames if frame.filename in cells]
        if not here:
            raise
        what = "".join(traceback.format_exception_only(error)).strip()
        lines = "".join(traceback.format_list(here)).rstrip()
        raise BuildError(_failure(lesson, cells[here[0].filename], what, lines, here[0].lineno or 1)) from None


def run_notebook(course: Course, lesson: Lesson, notebook: Any, progress: Progress) -> None:
    """Runs a notebook's cells in the lesson's folder, outputs into the notebook. Raises BuildError where one fails."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    reached = 0

    def executed(cell: Any, cell_index: int, **_: Any) -> None:
        nonlocal reached
        reached = cell_index
        progress("run", cell_index + 1, len(notebook.cells))

    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(lesson.ref.folder)}},
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        on_cell_start=executed,
        extra_arguments=["--IPKernelApp.log_level=40"],  # its advice on sockets is no news
    )
    try:
        client.execute(env=environment(course))
    except CellExecutionError as error:
        trace = _ANSI.sub("", str(error.traceback)).rstrip()
        line = _TRACE_LINE.search(trace)
        what = f"{error.ename}: {error.evalue}"
        raise BuildError(_failure(lesson, reached, what, trace, int(line[1]) if line else 1)) from None
    except CellTimeoutError:
        raise BuildError(_failure(lesson, reached, f"took more than {CELL_TIMEOUT} seconds")) from None
    except DeadKernelError:
        raise BuildError(_failure(lesson, reached, "the kernel died")) from None
    except RuntimeError as error:
        raise BuildError(f"{lesson.ref.id}: the kernel did not start: {error}") from None


def every_check_passed(lesson: Lesson, notebook: Any) -> None:
    """The references pass after all of the lesson's cells have run; `grader verify` shows that they also do without
    the demonstrations that grading skips. Raises BuildError where a check is not passed."""
    for index, cell in enumerate(notebook.cells):
        if "check" in lesson.cells[index].tags:
            shown = "".join(str(o.get("data", {}).get("text/plain", "")) for o in cell.outputs)
            if not shown.startswith(SIGNS["pass"]):
                raise BuildError(_failure(lesson, index, f"the reference does not pass its check\n{shown[:500]}"))


def environment(course: Course) -> dict[str, str]:
    """What a build's kernel sees: this course's packages, no GPU, both languages, nothing of a grading run."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NBGRADER_EXECUTION", "MPLBACKEND", "PYTHONWARNINGS")}
    kept |= {"CUDA_VISIBLE_DEVICES": "", "COURSE_LANG": "both", "PYTHONHASHSEED": "0", "PYTHONIOENCODING": "utf-8"}
    if (course.root / "course_lib" / "__init__.py").is_file():
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, [str(course.root), kept.get("PYTHONPATH")]))
    return kept


def tidy(notebook: Any) -> None:
    """Takes out what another machine or another run would write differently."""
    notebook.metadata["language_info"] = dict(LANGUAGE_INFO)
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)  # a model of a kernel that is gone; its static picture stays
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.output_type != "display_data" or o.data]


def _failure(lesson: Lesson, index: int, what: str, trace: str = "", line: int = 1) -> str:
    """A message for a failed cell; ``line`` counts from 1 within it."""
    cell = lesson.cells[index]
    message = f"{place(lesson.ref.source, cell.line + line - 1, cell.id)}: {what}"
    return f"{message}\n{trace}" if trace else message


def _write(notebook: Any, path: Path) -> None:
    import nbformat

    nbformat.validate(notebook)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8", newline="\n")
    unfinished.replace(path)
