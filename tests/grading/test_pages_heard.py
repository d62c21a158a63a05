"""The pages that students get back, for somebody who hears them: one title, no level left out, names for all."""

from __future__ import annotations

from pathlib import Path

from bs4 import BeautifulSoup
from nbformat.v4 import new_markdown_cell

from grader.course import Course
from grader.returning import Wanted, return_class
from tests.accessible.pages import of_page
from tests.grading import returned, toy
from tests.grading.returned import ROSTER


def test_every_page_of_a_class_can_be_heard(class_out: Path) -> None:
    return_class(class_out, Wanted(roster=ROSTER))
    pages = [*(class_out / "return" / "feedback").glob("*.html"), *(class_out / "feedback").rglob("*.html")]
    assert len(pages) >= 6
    found = {path.name: wrong for path in pages if (wrong := list(of_page(path.read_text("utf-8"))))}
    assert found == {}


def test_headings_of_a_student_s_own_stand_below_the_page_s(course: Course, tmp_path: Path) -> None:
    notebook = toy.answered(course, toy.BOTH)
    notebook.cells.append(new_markdown_cell("# My notes\n\n## More\n\n`# no heading`"))
    returned.hand_in(tmp_path / "in", f"ann/{toy.LESSON}/{toy.LESSON}.ipynb", notebook)
    assert returned.grade(tmp_path / "in", tmp_path / "out", course, roster=None).complete
    html = (tmp_path / "out" / "feedback" / "ann" / toy.LESSON / f"{toy.LESSON}.html").read_text("utf-8")
    assert list(of_page(html)) == []
    own = [
        (tag.name, tag.get_text().strip("¶"))
        for tag in BeautifulSoup(html, "html.parser").select(".prose :is(h1, h2, h3)")
    ]
    assert own == [("h2", "My notes"), ("h3", "More")]
