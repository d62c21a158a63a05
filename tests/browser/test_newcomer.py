"""A newcomer's walk, from an unpacked bundle to an update, as a student with a browser goes it, in both languages."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from course_lib.text import Text
from grader.course import find_course
from grader.lesson import Lesson, read_lesson
from grader.reference import load_exercises, solution_cell, without_marks
from grader.release import compose
from tests.browser.conftest import TOKEN, jupyter
from tests.browser.test_lesson_in_jupyterlab import LESSON

pytestmark = pytest.mark.browser

EXERCISE = "forward"
KEY = f"numpy_backprop.{EXERCISE}"
CORRECTION = Text(en="A sentence that the newer release added.", zh="新版增加的一句话。")
DOCTOR = Text(en="Is this machine ready", zh="这台机器可以开始")
FAILED = Text(en="not there yet", zh="还差一点")
PASSED = Text(en="passed – 4 of 4 points", zh="通过（4 / 4 分）")
DRAWN = Text(en="expected", zh="预期")
SO_FAR = Text(en="This lesson so far: 4 of 30 points", zh="本课目前得分：4 / 30")
TABLE = Text(en="4 of 30", zh="4 / 30")
RECORDED = Text(en="Recorded “some hundreds”", zh="已记录“几百”")
UPDATED = Text(en="1 corrected", zh="更正 1 处")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_newcomers_walk(page: Any, picture: Any, tmp_path: Path, language: str) -> None:
    lesson = read_lesson(find_course().lesson(LESSON).source)
    bundle = tmp_path / "我的 course"
    unpack(pack(lesson, language, tmp_path / "course.zip"), bundle)

    def say(words: Text) -> str:
        return words.say(language)

    def keep(name: str) -> None:
        picture(page, f"walk-{language}-{name}")

    exercise = load_exercises(lesson)[EXERCISE]
    right = without_marks(solution_cell(lesson, EXERCISE).source)
    wrong = exercise.wrong[0]
    with started(bundle) as address:
        assert say(DOCTOR) in (bundle / ".jupyter-log").read_text(encoding="utf-8"), "the start command looked first"
        open_page(page, f"{address}lab/tree/START.ipynb")
        assert say(DOCTOR) in run(page, "setup-run")
        keep("1-start")
        run(page, "progress-run")
        page.locator(".jp-OutputArea table a").first.click()
        page.wait_for_selector(f'.lm-TabBar-tabLabel:text("{LESSON}.ipynb")')
        ready(page)
        run(page, "imports")
        keep("2-lesson")

        run(page, "loss-predict")
        page.locator(".widget-radio-box input").first.click()
        page.wait_for_selector(f'[role="status"]:has-text("{say(RECORDED)}")')
        keep("3-prediction")

        write(page, EXERCISE, wrong.apply(solution_cell(lesson, EXERCISE).source))
        run(page, EXERCISE)
        first = run(page, f"{EXERCISE}-check")
        assert say(FAILED) in first and say(wrong.hint.question)[:30] in first
        keep("4-hint-1")
        second = run(page, insert(page, f'check("{KEY}", hint=2)'))
        assert say(FAILED) in second and say(DRAWN) in second and len(second) > len(first)
        keep("5-hint-2")
        third = run(page, insert(page, f'check("{KEY}", hint=3)'))
        assert say(wrong.hint.neighbour)[:30] in third and say(wrong.hint.neighbour)[:30] not in second
        keep("6-hint-3")

        write(page, EXERCISE, right)
        run(page, EXERCISE)
        solved = run(page, f"{EXERCISE}-check")
        assert say(PASSED) in solved and say(SO_FAR) in solved
        keep("7-right")
        save(page)
        open_page(page, f"{address}lab/tree/START.ipynb")
        assert say(TABLE) in run(page, "progress-run")
        keep("8-progress")

    newer = pack(corrected(lesson), language, tmp_path / "newer.zip")
    said = course_lib(bundle, "update", str(newer))
    assert LESSON in said and say(UPDATED) in said
    with started(bundle) as address:
        open_page(page, f"{address}lab/tree/notebooks/{LESSON}/{LESSON}.ipynb")
        page.wait_for_selector(f'.jp-RenderedMarkdown:has-text("{say(CORRECTION)}")')
        keep("9-updated")
        assert source(page, EXERCISE) == right
        for cell in ("imports", EXERCISE):
            run(page, cell)
        assert say(PASSED) in run(page, f"{EXERCISE}-check")
        keep("10-still-there")
        run(page, "loss-predict")
        page.wait_for_selector(f'[role="status"]:has-text("{say(RECORDED)}")')
        open_page(page, f"{address}lab/tree/START.ipynb")
        assert say(TABLE) in run(page, "progress-run")


def corrected(lesson: Lesson) -> Lesson:
    """The lesson with a sentence more in its first cell, as the next release has it."""
    first = lesson.cells[0].id
    return dataclasses.replace(
        lesson,
        cells=tuple(
            dataclasses.replace(cell, source=f"{cell.source}\n\n{getattr(CORRECTION, cell.lang)}")
            if cell.id == first and cell.lang
            else cell
            for cell in lesson.cells
        ),
    )


def pack(lesson: Lesson, language: str, path: Path) -> Path:
    """The bundle's zip, as an instructor hands it out."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in compose(find_course(), [lesson], language).items():
            archive.writestr(f"course/{name}", content)
    return path


def unpack(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder.parent / "unpacked")
    (folder.parent / "unpacked" / "course").rename(folder)


def started(bundle: Path) -> Any:
    """JupyterLab by the bundle's own start command, on this environment's packages."""
    return jupyter(bundle, command=("env", f"COURSE_PYTHON={sys.executable}", "sh", "start.sh"))


def course_lib(bundle: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "course_lib", *arguments],
        cwd=bundle,
        env=os.environ | {"PYTHONPATH": str(bundle)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def open_page(page: Any, address: str) -> None:
    page.goto(f"{address}?token={TOKEN}&reset")  # without the tabs of the last visit
    ready(page)


def ready(page: Any) -> None:
    page.wait_for_selector(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell")
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel != null")
    page.evaluate("async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.info; }")


_PLACE = """
const notebook = window.jupyterapp.shell.currentWidget.content;
const place = notebook.widgets.findIndex((cell) => cell.model.id === id);
if (place < 0) throw new Error(`no cell ${id}`);
"""


def run(page: Any, cell: str) -> str:
    """Runs a cell and shows it; all that it put out."""
    ran, outputs = page.evaluate(
        f"""async (id) => {{{_PLACE}
            notebook.activeCellIndex = place;
            notebook.deselectAll();
            await notebook.scrollToItem(place, 'start');
            const ran = await window.jupyterapp.commands.execute('notebook:run-cell');
            await notebook.scrollToItem(place, 'start');
            return [ran, JSON.stringify(notebook.model.cells.get(place).outputs.toJSON())];
        }}""",
        cell,
    )
    assert ran is True, f"cell {cell} failed: {outputs}"
    page.wait_for_timeout(300)  # for what is drawn after the output has come
    return str(outputs)


def insert(page: Any, text: str) -> str:
    """A new cell below the active one, with a text; its id."""
    return str(
        page.evaluate(
            """async (text) => {
                await window.jupyterapp.commands.execute('notebook:insert-cell-below');
                const cell = window.jupyterapp.shell.currentWidget.content.activeCell;
                cell.model.sharedModel.setSource(text);
                return cell.model.id;
            }""",
            text,
        )
    )


def write(page: Any, cell: str, text: str) -> None:
    page.evaluate(
        f"""([id, text]) => {{{_PLACE} notebook.model.cells.get(place).sharedModel.setSource(text); }}""", [cell, text]
    )


def source(page: Any, cell: str) -> str:
    found = page.evaluate(
        f"(id) => {{{_PLACE} return notebook.model.cells.get(place).sharedModel.getSource(); }}", cell
    )
    return str(found)


def save(page: Any) -> None:
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
