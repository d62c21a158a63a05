"""A small nbgrader course of its own, without our probes, and what students make of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

AUTOTESTS = '''\
python3:
    setup: "from hashlib import sha1"
    hash: 'sha1({{snippet}}.encode("utf-8")+b"{{salt}}").hexdigest()'
    dispatch: "type({{snippet}})"
    normalize: "str({{snippet}})"
    check: 'assert {{snippet}} == """{{value}}""", """{{message}}"""'
    success: "print('Success!')"
    templates:
        default:
            - test: "type({{snippet}})"
              fail: "the type is not right"
            - test: "{{snippet}}"
              fail: "the value is not right"
'''


def _marks(name: str, points: float | None = None, *, solution: bool = False, task: bool = False) -> dict[str, Any]:
    marks: dict[str, Any] = {"grade_id": name, "grade": points is not None, "solution": solution, "task": task,
                             "locked": points is not None and not solution, "schema_version": 3}  # fmt: skip
    return {"nbgrader": marks | ({"points": points} if points is not None else {})}


def _code(source: str, name: str | None = None, points: float | None = None, *, solution: bool = False) -> Any:
    cell = new_code_cell(source)
    if name is not None:
        cell.metadata.update(_marks(name, points, solution=solution))
    return cell


def _notebook(*cells: Any) -> Any:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=list(cells), metadata={"kernelspec": kernel})


def sources() -> dict[str, Any]:
    """The instructor's notebooks, by name."""
    one = _notebook(
        new_markdown_cell("# Squares"),
        _code("import warnings"),
        _code(
            "def square(x):\n    ### BEGIN SOLUTION\n    return x * x\n    ### END SOLUTION", "square", solution=True
        ),
        _code(
            "assert square(3) == 9\n### BEGIN HIDDEN TESTS\nassert square(-2) == 4\n### END HIDDEN TESTS",
            "square-test",
            2.0,
        ),
        _code("def half(x):\n    ### BEGIN SOLUTION\n    return x / 2\n    ### END SOLUTION", "half", solution=True),
        _code("points = 0\nif half(4) == 2: points += 1\nif half(5) == 2.5: points += 2\npoints", "half-test", 3.0),
        _code("### BEGIN SOLUTION\nanswer = 6 * 7\n### END SOLUTION", "answer", solution=True),
        _code("### AUTOTEST answer", "answer-test", 1.0),
    )
    written = new_markdown_cell("### BEGIN SOLUTION\nBecause.\n### END SOLUTION")
    written.metadata.update(_marks("why", 2.0, solution=True))
    two = _notebook(
        _code(
            "def shout(s):\n    ### BEGIN SOLUTION\n    return s.upper()\n    ### END SOLUTION", "shout", solution=True
        ),
        _code("assert shout('a') == 'A'", "shout-test", 1.0),
        written,
    )
    return {"one": one, "two": two}


def write_course(root: Path, names: tuple[str, ...] = ("one", "two")) -> Path:
    """source/ps1/ and autotests.yml, as nbgrader wants them; the folder of the assignment."""
    folder = root / "source" / "ps1"
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"{name}.ipynb").write_text(nbformat.writes(sources()[name]), encoding="utf-8")
    (root / "autotests.yml").write_text(AUTOTESTS, encoding="utf-8")
    (folder / "autotests.yml").write_text(AUTOTESTS, encoding="utf-8")
    (root / "nbgrader_config.py").write_text("c = get_config()\nc.Execute.timeout = 10\n", encoding="utf-8")
    return folder


RIGHT = {
    "square": "def square(x):\n    return x ** 2",
    "half": "def half(x):\n    return x / 2",
    "answer": "answer = 42",
    "shout": "def shout(s):\n    return s.upper()",
    "why": "It multiplies.",
}
STUDENTS: dict[str, dict[str, str]] = {
    "right": RIGHT,
    "partly": {**RIGHT, "square": "def square(x):\n    return abs(x) * x", "half": "def half(x):\n    return x // 2"},
    "nothing": {},
    "warns": {**RIGHT, "square": "def square(x):\n    warnings.warn('slow')\n    return x * x"},
    "wrong_type": {**RIGHT, "answer": "answer = '42'", "shout": "def shout(s):\n    return s"},
    "raises": {**RIGHT, "half": "def half(x):\n    raise ValueError(x)"},
}
DIES = {**RIGHT, "half": "import os\ndef half(x):\n    os._exit(3)"}


def answered(given: Any, answers: dict[str, str]) -> Any:
    """The released notebook with a student's answers in it."""
    notebook = nbformat.from_dict(given)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in answers and cell.metadata.nbgrader.solution:
            cell.source = answers[name]
    return notebook


def hand_in(place: Path, student: str, notebooks: dict[str, Any]) -> None:
    for name, notebook in notebooks.items():
        path = place / student / "ps1" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")
