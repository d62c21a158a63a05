"""Makes the file that an attacker hands in."""

from __future__ import annotations

import json

from nbformat.v4 import new_code_cell

from grader.course import Course
from tests.attacks.attack import TRIED, Attack
from tests.grading import toy

HONESTLY = {"double": toy.DOUBLE}


def submission(course: Course, attack: Attack, port: int = 0) -> bytes:
    """The released toy lesson with an honest first answer, and the attack. port: of a service on this machine."""
    notebook = toy.answered(course, {**HONESTLY, **attack.answers})
    if attack.cell:
        code = f"print({TRIED!r})\n" + attack.cell.replace("{port}", str(port))
        first = next(n for n, cell in enumerate(notebook.cells) if cell.cell_type == "code")
        notebook.cells.insert(first, new_code_cell(code, id="attack"))
    if attack.after:
        notebook.cells.append(new_code_cell(attack.after, id="attack-after"))
    made = attack.make(notebook) if attack.make is not None else None
    return json.dumps(notebook).encode() if made is None else made
