"""A graded class in nbgrader's formgrader page, in a real Jupyter server: it lists the class, opens a submission."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grader.course import find_course
from grader.sample_class import LESSON, sample_class, write_sample
from tests.browser.conftest import TOKEN, jupyter

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

STUDENTS = ("right_as_taught", "wrong_backward_no_mask", "hostile_forges_results")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from grader.commands.grade import command as grade

    folder = tmp_path_factory.mktemp("class")
    course = find_course()
    for sample in sample_class(course):
        if sample.student in STUDENTS:
            write_sample(course, sample, folder / "submitted")
    done = CliRunner().invoke(grade, [str(folder / "submitted"), "--out", str(folder), "--jobs", "1"])
    assert done.exit_code == 0, done.output
    return folder


def test_formgrader_lists_the_class_and_opens_a_submission(page: Any, picture: Any, graded: Path) -> None:
    alarms: list[str] = []
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    with jupyter(graded) as address:
        page.goto(f"{address}formgrader/manage_assignments?token={TOKEN}")
        page.get_by_text(LESSON).first.wait_for()
        picture(page, "formgrader-assignments")
        page.goto(f"{address}formgrader/gradebook/{LESSON}/{LESSON}")
        page.wait_for_selector("tbody tr")
        picture(page, "formgrader-gradebook")
        page.goto(f"{address}formgrader/manage_students")
        for student in STUDENTS:
            page.get_by_text(student, exact=True).first.wait_for()
        picture(page, "formgrader-students")
        page.goto(f"{address}formgrader/manage_students/wrong_backward_no_mask")
        row = page.locator("tr", has_text=LESSON).first
        row.wait_for()
        assert "25 / 30" in row.inner_text()
        for student, words in (("wrong_backward_no_mask", "not there yet"), ("hostile_forges_results", "not answered")):
            page.goto(f"{address}formgrader/submissions/{submission(graded, student)}/")
            page.wait_for_selector("text=/1\\.2/")
            assert words in page.content()
            picture(page, f"formgrader-{student}")
    assert alarms == [], "a student's script ran in the instructor's browser"


def submission(folder: Path, student: str) -> str:
    """The gradebook's id of a student's submitted notebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        return str(gradebook.find_submission_notebook(LESSON, LESSON, student).id)
