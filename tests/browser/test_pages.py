"""The pages in a real browser: nothing of a hostile student runs, and the choice of a language works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from nbconvert.exporters import HTMLExporter

from grader.batch import Options, grade_class
from grader.course import find_course
from grader.sample_class import LESSON, sample_class, write_sample

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("graded")
    course = find_course(ROOT)
    wanted = ("hostile_forges_results", "wrong_backward_no_mask")
    for sample in sample_class(course):
        if sample.student in wanted:
            write_sample(course, sample, out / "submitted")
    grade_class(out / "submitted", out, course, Options(jobs=1))
    return out


def test_nothing_of_a_hostile_student_runs(graded: Path, page: Any) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.route("http*://**", lambda route: route.abort())  # only the page itself: nothing is fetched from elsewhere
    student = "hostile_forges_results"
    notebook = graded / "autograded" / student / LESSON / f"{LESSON}.ipynb"
    as_formgrader = graded / "as_formgrader.html"
    # What formgrader shows is nbconvert's classic page of this notebook.
    as_formgrader.write_text(HTMLExporter(template_name="classic").from_filename(str(notebook))[0], encoding="utf-8")
    for path in (
        graded / "feedback" / student / LESSON / f"{LESSON}.html",
        graded / "report/index.html",
        graded / "report" / f"{LESSON}.html",
        as_formgrader,
    ):
        page.goto(path.as_uri())
        page.mouse.move(200, 200)
        for link in page.locator("a:has-text('my sources')").all():
            link.click(force=True)
        page.wait_for_timeout(200)
        assert dialogs == []
        assert page.locator("[onerror], [onload], iframe, object").count() == 0
    page.goto((graded / "feedback" / student / LESSON / f"{LESSON}.html").as_uri())
    assert page.locator(".score").inner_text().startswith("0")


def test_a_reader_chooses_the_language(graded: Path, page: Any) -> None:
    for path in (
        graded / "feedback/wrong_backward_no_mask" / LESSON / f"{LESSON}.html",
        graded / "report/index.html",
        graded / "report" / f"{LESSON}.html",
    ):
        page.goto(path.as_uri())
        assert page.locator("[lang=en]:visible").count() > 5
        assert page.locator("[lang=zh]:visible").count() > 5
        page.click("label[for=lang-zh]")
        assert page.locator("body [lang=en]:visible").count() == 0
        assert page.locator("[lang=zh]:visible").count() > 5
        assert page.locator(".course-between:visible").count() == 0
        page.click("label[for=lang-en]")
        assert page.locator("[lang=zh]:visible").count() == 0
