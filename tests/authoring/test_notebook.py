from __future__ import annotations

import nbformat
import pytest
from nbgrader.utils import compute_checksum

from grader.lesson import LessonError
from grader.notebook import to_notebook
from grader.released import as_released
from tests.authoring.tiny import Tiny

POINTS = {"double": 3.0}


def cells(tiny: Tiny, language: str) -> dict[str, nbformat.NotebookNode]:
    return {cell.id: cell for cell in to_notebook(tiny.lesson(), language, POINTS).cells}


def test_languages_choose_prose_and_comments(tiny: Tiny) -> None:
    english, chinese, both = (cells(tiny, language) for language in ("en", "zh", "both"))
    assert list(english) == ["title-en", "goals-en", "imports", "card-en", "double", "double-check", "show", "why"]
    assert [name.replace("-zh", "-en") for name in chinese] == list(english)
    assert len(both) == 11
    assert english["imports"].source.endswith("START = 3  # where we start")
    assert chinese["imports"].source.endswith("START = 3  # 起点")
    assert both["imports"].source.endswith("START = 3  # where we start | 起点")
    assert english["show"].source.startswith("# P(y | x) stays whole\n")


def test_notebooks_are_valid_and_hold_no_version(tiny: Tiny) -> None:
    notebook = to_notebook(tiny.lesson(), "both", POINTS)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert "version" not in notebook.metadata.language_info
    assert all(cell.outputs == [] and cell.execution_count is None for cell in notebook.cells if "outputs" in cell)


def test_nbgrader_metadata_comes_from_the_tags(tiny: Tiny) -> None:
    found = cells(tiny, "both")
    expected = {
        "double": {"grade": False, "solution": True, "locked": False, "grade_id": "double"},
        "double-check": {"grade": True, "solution": False, "locked": True, "grade_id": "double-check", "points": 3.0},
        "why": {"grade": True, "solution": True, "locked": False, "grade_id": "why", "points": 2.0},
    }
    common = {"schema_version": 3, "task": False}
    assert {i: dict(c.metadata.nbgrader) for i, c in found.items() if "nbgrader" in c.metadata} == {
        name: data | common for name, data in expected.items()
    }


def test_graded_cells_are_the_same_in_all_languages(tiny: Tiny) -> None:
    versions = [cells(tiny, language) for language in ("en", "zh", "both")]
    for name in ("double", "double-check", "why"):
        first, *others = [version[name] for version in versions]
        assert all(other == first for other in others)
    assert "# add it to itself | 与自身相加" in versions[0]["double"].source
    checksums = [
        {c.metadata.nbgrader.grade_id: compute_checksum(c) for c in as_released(nb).cells if "nbgrader" in c.metadata}
        for nb in (to_notebook(tiny.lesson(), language, POINTS) for language in ("en", "zh", "both"))
    ]
    assert checksums[0] == checksums[1] == checksums[2] and len(checksums[0]) == 3


def test_points_come_from_the_exercise(tiny: Tiny) -> None:
    both = {cell.id: cell for cell in to_notebook(tiny.lesson()).cells}
    assert both["double-check"].metadata.nbgrader.points == 3.0
    with pytest.raises(LessonError, match=r"01_tiny.py:\d+: cell double-check: no points for it"):
        to_notebook(tiny.lesson(), "both", {})


def test_a_bad_comment_names_its_line(tiny: Tiny) -> None:
    tiny.edit("# where we start | 起点", "# 起点")
    line = tiny.source.read_text(encoding="utf-8").split("# 起点")[0].count("\n") + 1
    with pytest.raises(LessonError, match=f"01_tiny.py:{line}: cell imports: the comment '# 起点' has Chinese"):
        to_notebook(tiny.lesson(), "en", POINTS)


def test_an_unknown_language(tiny: Tiny) -> None:
    with pytest.raises(ValueError, match="choose en, zh or both"):
        to_notebook(tiny.lesson(), "fr", POINTS)


def test_code_that_only_draws_is_folded(tiny: Tiny) -> None:
    tiny.edit('# %% id="show"', '# %% id="show" tags=["hide-input"]')
    both = {cell.id: cell for cell in to_notebook(tiny.lesson(), "both", POINTS).cells}
    assert both["show"].metadata.jupyter.source_hidden is True
    assert "jupyter" not in both["imports"].metadata
