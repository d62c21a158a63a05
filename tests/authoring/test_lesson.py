from __future__ import annotations

from pathlib import Path

import pytest

from grader.course import Course, CourseError, find_course
from grader.lesson import LessonError, read_lesson, text_hash
from tests.authoring.tiny import Tiny


def test_cells_and_their_lines(tiny: Tiny) -> None:
    lesson = tiny.lesson()
    lines = tiny.source.read_text(encoding="utf-8").splitlines()
    assert [cell.notebook_id for cell in lesson.cells] == [
        "title-en", "title-zh", "goals-en", "goals-zh", "imports", "card-en", "card-zh", "double", "double-check",
        "show", "why",
    ]  # fmt: skip
    for cell in lesson.cells:
        first = cell.source.splitlines()[0]
        assert lines[cell.line - 1] in (first, f"# {first}")
    assert lesson.title("zh") == "加倍"
    assert {cell.id for cell in lesson.cells if cell.graded} == {"double", "double-check", "why"}
    assert next(cell for cell in lesson.cells if cell.id == "why").points == 2.0


def test_text_hash_ignores_blanks_at_the_ends() -> None:
    assert text_hash("a  \nb\n\n") == text_hash("a\nb") != text_hash("a\n b")
    assert len(text_hash("")) == 12


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id="imports"', 'name="imports"', "no usable id"),
        ('id="imports"', 'id="a b"', "no usable id"),
        ('id="imports" tags=["setup"]', 'id="imports" tags=["stup"]', "known ones are setup, solution"),
        ('id="imports"', 'id="show"', "is taken by the cell in line"),
        ('id="imports"', 'id="card"', "taken by a pair"),
        ('id="imports"', 'id="imports" colour="red"', "unknown colour"),
        ('id="imports"', 'id="imports" points=2', "points= belongs to a written answer"),
        ('id="imports" tags=["setup"]', 'id="imports" lang="en"', "a code cell has no lang="),
        ('id="title" lang="en"', 'id="title" lang="fr"', 'prose needs lang="en" or lang="zh"'),
        ('id="goals" lang="en"', 'id="goals" lang="en" reviewed="1"', "belongs to the Chinese cell"),
        ("    ### END SOLUTION\n\n", "\n", "between one `### BEGIN SOLUTION`"),
        ('id="double" tags=["solution"]', 'id="dou-ble" tags=["solution"]', "is a Python name"),
        ('id="double-check" tags=["check"]', 'id="double-check"', "no check cell for it"),
        ('id="double-check" tags=["check"]', 'id="triple-check" tags=["check"]', "no check cell for it"),
        ('check("tiny.double")', 'check("tiny.triple")', 'must say check("tiny.double")'),
        (' tags=["written"] points=2', ' tags=["written"]', "needs points="),
        ('points=2', "points=-1", "a number above 0"),
        ("# P(y | x) stays whole", '"""\n# %% no cell\n"""', "keep `# %%` out of strings"),
    ],
)  # fmt: skip
def test_a_broken_lesson_names_file_and_what_to_do(tiny: Tiny, old: str, new: str, message: str) -> None:
    tiny.edit(old, new)
    with pytest.raises(LessonError) as caught:
        tiny.lesson()
    assert message in str(caught.value)
    assert str(caught.value).startswith("01_tiny.py:")


def test_a_file_that_cannot_be_read(tiny: Tiny) -> None:
    tiny.source.write_bytes(b"# %%\xff")
    with pytest.raises(LessonError, match="not UTF-8"):
        tiny.lesson()
    tiny.source.unlink()
    with pytest.raises(LessonError, match="cannot be read"):
        tiny.lesson()
    with pytest.raises(CourseError, match="NN_slug"):
        read_lesson(tiny.source.parents[1] / "glossary.py")


@pytest.mark.parametrize("name", ["1", "01", "tiny", "01_tiny"])
def test_a_lesson_has_three_names(tiny: Tiny, name: str) -> None:
    ref = tiny.course.lesson(name)
    assert (ref.id, ref.slug, ref.number) == ("01_tiny", "tiny", 1)
    assert ref.source == tiny.source and ref.notebook == tiny.source.with_suffix(".ipynb")
    assert tiny.course.select([name, name]) == [ref] == tiny.course.select([])


def test_no_such_lesson_or_course(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CourseError, match="lessons: 01_tiny"):
        tiny.course.lesson("2")
    assert find_course() == tiny.course
    monkeypatch.setenv("GRADER_COURSE", str(tmp_path))
    with pytest.raises(CourseError, match="GRADER_COURSE names"):
        find_course()
    monkeypatch.delenv("GRADER_COURSE")
    assert find_course(tiny.source.parent) == Course(tiny.course.root.resolve())
