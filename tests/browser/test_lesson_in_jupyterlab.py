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


def release_with_a_wrong_answer(folder: Path, language: str) -> tuple[str, str]:
    """Releases lesson 01 and puts a known wrong answer into its first exercise; the hint's words, the cell's id."""
    from grader.commands.release import command as release

    done = CliRunner().invoke(release, [str(folder), LESSON, "--lang", language])
    assert done.exit_code == 0, done.output
    lesson = read_lesson(find_course().lesson(LESSON).source)
    name, exercise = next(iter(load_exercises(lesson).items()))
    wrong = exercise.wrong[0]
    path = folder / "notebooks" / LESSON / f"{LESSON}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == name)
    cell["source"] = wrong.apply(solution_cell(lesson, name).source)
    path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    return str(wrong.hint.question.say(language)), name


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
    """Runs all cells from the Run menu and waits for the end: the last cell to run counts its execution."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    wait_for(page, "busy")
    wait_for(page, "idle")


def scroll_to(page: Any, words: str) -> str:
    """Scrolls the notebook (its cells are rendered only in view) until an output holds the words."""
    return str(
        page.evaluate(
            """async (words) => {
                const scroller = document.querySelector('.jp-WindowedPanel-outer')
                    ?? document.querySelector('.jp-Notebook');
                scroller.scrollTop = 0;
                for (let i = 0; i < 200; i++) {
                    for (const output of document.querySelectorAll('.jp-OutputArea-output section')) {
                        if (output.innerText.includes(words)) {
                            output.scrollIntoView({block: 'center'});
                            await new Promise(r => setTimeout(r, 600));
                            return output.innerText;
                        }
                    }
                    scroller.scrollTop += 500;
                    await new Promise(r => setTimeout(r, 150));
                }
                return '';
            }""",
            words,
        )
    )
