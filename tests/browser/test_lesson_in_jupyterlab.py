"""A released lesson in a real JupyterLab, in English and in Chinese: it runs, and a wrong answer is told its hint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grader.course import find_course
from grader.lesson import read_lesson
from grader.reference import load_exercises, solution_cell
from tests.browser.conftest import TOKEN, jupyter

pytestmark = pytest.mark.browser

LESSON = "01_numpy_backprop"
WORDS = {"en": "not there yet", "zh": "还差一点"}
UNANSWERED = {"en": "not answered yet", "zh": "尚未作答"}


def release_with_a_wrong_answer(folder: Path, language: str, name: str = LESSON) -> tuple[str, str]:
    """Releases a lesson and puts a known wrong answer into its first exercise; the hint's words, the cell's id."""
    from grader.commands.release import command as release

    done = CliRunner().invoke(release, [str(folder), name, "--lang", language])
    assert done.exit_code == 0, done.output
    lesson = read_lesson(find_course().lesson(name).source)
    key, exercise = next(iter(load_exercises(lesson).items()))
    wrong = exercise.wrong[0]
    path = folder / "notebooks" / name / f"{name}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == key)
    cell["source"] = wrong.apply(solution_cell(lesson, key).source)
    path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    return str(wrong.hint.question.say(language)), key


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_wrong_answer_is_told_its_hint(page: Any, picture: Any, tmp_path: Path, language: str) -> None:
    hint, _ = release_with_a_wrong_answer(tmp_path / "bundle", language)
    with jupyter(tmp_path / "bundle") as address:
        page.goto(f"{address}lab/tree/notebooks/{LESSON}/{LESSON}.ipynb?token={TOKEN}")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        wait_for(page, "idle")
        picture(page, f"lesson-{language}-top")
        run_all(page)
        found = scroll_to(page, WORDS[language])
        assert hint.split("\n")[0][:40] in found
        picture(page, f"lesson-{language}-check")
        assert UNANSWERED[language] in scroll_to(page, UNANSWERED[language])
        picture(page, f"lesson-{language}-unanswered")


def wait_for(page: Any, status: str) -> None:
    """Waits until the kernel says that it is idle or busy."""
    page.wait_for_selector(f'.jp-Notebook-ExecutionIndicator[data-status="{status}"]', timeout=120_000)


def run_all(page: Any) -> None:
    """What the Run menu's "Run All Cells" does, to its end: the command's promise is kept when the last cell has run,
    while the kernel's busy light may be gone before anybody looks."""
    page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext !== undefined")
    ran = page.evaluate(
        """async () => {
            const session = window.jupyterapp.shell.currentWidget.sessionContext;
            await session.ready;
            await session.session.kernel.info;
            return await window.jupyterapp.commands.execute('notebook:run-all-cells');
        }"""
    )
    assert ran is True


FIND = """(words) => {
    const cells = window.jupyterapp.shell.currentWidget.content.model.cells;
    const told = (cell) => cell.type === 'code' ? JSON.stringify(cell.outputs.toJSON()) : '';
    return Array.from({length: cells.length}, (_, i) => cells.get(i)).findIndex(c => told(c).includes(words));
}"""


def scroll_to(page: Any, words: str) -> str:
    """Shows the first cell whose outputs hold the words (cells are rendered only in view), and reads the output."""
    page.wait_for_function(f"words => ({FIND})(words) >= 0", arg=words, timeout=120_000)
    place = page.evaluate(FIND, words)
    page.evaluate(
        """async (place) => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = place;
            await notebook.scrollToItem(place, 'start');
        }""",
        place,
    )
    section = page.locator(".jp-OutputArea-output section", has_text=words).first
    section.scroll_into_view_if_needed()
    return str(section.inner_text())
