"""The start page of a released bundle in a real JupyterLab: the doctor's lines, the progress, the way to a lesson."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.browser.conftest import TOKEN, jupyter
from tests.browser.test_lesson_in_jupyterlab import LESSON, run_all, wait_for

pytestmark = pytest.mark.browser

WORDS = {
    "en": ("Is this machine ready", "6 of 30", "1 of 5", "all lessons"),
    "zh": ("这台机器可以开始", "6 / 30", "1 / 5", "全部课程"),
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_start_page_shows_machine_and_progress(page: Any, picture: Any, tmp_path: Path, language: str) -> None:
    from grader.commands.release import command as release

    bundle = tmp_path / "我的 course"
    assert CliRunner().invoke(release, [str(bundle), LESSON, "--lang", language]).exit_code == 0
    contents = json.loads((bundle / "course.json").read_text(encoding="utf-8"))["contents"]
    key = next(key for key, points in contents[0]["points"].items() if points == 6)
    line = {"time": "2026-10-01T08:00:00+08:00", "exercise": key, "verdict": "pass", "score": 6.0, "of": 6.0}
    (bundle / "progress.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    with jupyter(bundle) as address:
        page.goto(f"{address}lab/tree/START.ipynb?token={TOKEN}")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        wait_for(page, "idle")
        run_all(page)
        doctor, points, solved, total = WORDS[language]
        show(page, "setup-run")
        assert doctor in page.locator(".jp-OutputArea-output").first.inner_text()
        show(page, "progress-run")
        page.wait_for_selector(".jp-OutputArea table")
        table = page.locator(".jp-OutputArea table")
        table.scroll_into_view_if_needed()
        assert all(words in table.inner_text() for words in (points, solved, "2026-10-01", total))
        picture(page, f"start-{language}")
        table.locator("a").first.click()
        page.wait_for_selector(f'.lm-TabBar-tabLabel:text("{LESSON}.ipynb")')


def show(page: Any, cell: str) -> None:
    """Scrolls to a cell: JupyterLab renders only what is in view."""
    page.evaluate(
        """async (id) => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            const place = notebook.widgets.findIndex((cell) => cell.model.id === id);
            notebook.activeCellIndex = place;
            await notebook.scrollToItem(place, 'start');
        }""",
        cell,
    )
