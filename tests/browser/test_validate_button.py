"""nbgrader's Validate button on a student's page: it runs the notebook and names the checks that do not pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grader.course import find_course
from grader.lesson import read_lesson
from grader.reference import load_exercises
from grader.sample_class import reference
from tests.browser.conftest import TOKEN, jupyter
from tests.browser.test_lesson_in_jupyterlab import LESSON, release_with_a_wrong_answer

pytestmark = pytest.mark.browser


def answer_the_rest(bundle: Path, but: tuple[str, ...]) -> list[str]:
    """Puts the reference's answers into all exercises but some; the names of all."""
    lesson = read_lesson(find_course().lesson(LESSON).source)
    names = list(load_exercises(lesson))
    path = bundle / "notebooks" / LESSON / f"{LESSON}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if (name := cell["metadata"].get("nbgrader", {}).get("grade_id")) in names and name not in but:
            cell["source"] = reference(lesson, name)
    path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    return names


@pytest.mark.parametrize("right", [True, False], ids=["all-right", "one-wrong"])
def test_the_validate_button(page: Any, picture: Any, tmp_path: Path, right: bool) -> None:
    bundle = tmp_path / "bundle"
    _, wrong = release_with_a_wrong_answer(bundle, "both")
    names = answer_the_rest(bundle, but=() if right else (wrong,))
    with jupyter(bundle) as address:
        page.goto(f"{address}lab/tree/notebooks/{LESSON}/{LESSON}.ipynb?token={TOKEN}")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        page.get_by_text("Validate", exact=True).first.click()
        page.locator(".jp-Dialog", has_text="Validation Results").wait_for(timeout=120_000)
        said = page.locator(".jp-Dialog").inner_text()
        picture(page, f"validate-{'right' if right else 'wrong'}")
    assert ("Success" in said) is right
    named = [name for name in names if f'check("numpy_backprop.{name}")' in said]
    assert named == ([] if right else [wrong])
