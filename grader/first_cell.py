"""The first code cell of every released notebook: it finds the course where nobody has installed it.

In JupyterLab as the start command opens it, at grading and under nbval the course can be imported, and the cell
returns before it imports anything. On Colab and in VS Code with a Python of the student's own it looks for the bundle
at and above the working folder; on Colab it fetches the bundle's zip, from the address that the release was given or
from the student, since nothing of the course is there to do it. All else stands in course_lib/elsewhere.py.

The built notebooks do not have it, and an older submission does not need it: it is no cell that counts.
"""

from __future__ import annotations

import json
import re
from typing import Any

from course_lib.text import Text
from grader.comments import for_language

ID = "find-course"
# Twelve lines with the call: it stands above everybody's first import. zipfile lets no name lead out of the folder.
SOURCE = """\
def _find_course(address, missing):  # nothing happens where the course is installed | 课程已安装时什么也不做
    from importlib.util import find_spec
    if all(map(find_spec, ("course_lib", "matplotlib", "safetensors", "torch"))): return
    import io, sys, urllib.request as web, zipfile; from pathlib import Path
    look = lambda: [one.parent for place in (Path.cwd(), *Path.cwd().parents)
                    for name in ("course.json", "pytorch-course/**/course.json") for one in place.glob(name)]
    if not look() and (colab := sys.modules.get("google.colab")):
        blob = web.urlopen(address).read() if address else (print(missing) or b"".join(colab.files.upload().values()))
        if zipfile.is_zipfile(file := io.BytesIO(blob)): zipfile.ZipFile(file).extractall("pytorch-course")
    if not look(): raise ModuleNotFoundError(missing)
    sys.path.insert(0, str(look()[0])); from course_lib.elsewhere import prepare; prepare()
"""
MISSING = Text(
    en="The course's files are not here. On Colab: choose the course's zip file. Elsewhere: put this notebook back "
    "into the course's folder.",
    zh="这里没有课程文件。在 Colab 上：请选择课程的 zip 文件。在别处：请把本笔记本放回课程文件夹。",
)
ADDRESS = re.compile(r'https?://[^\s"\\]+')
_CALL = re.compile(r'^_find_course\("[^"\\\n]*", ', re.M)


def first_cell(language: str, address: str = "") -> Any:
    """The cell in a language. address: of the bundle's zip, "" where students have the file itself.

    Raises ValueError for what is no web address.
    """
    from nbformat import v4

    if address and not ADDRESS.fullmatch(address):
        raise ValueError(f"{address!r} is no web address: give one that begins with https://")
    words = json.dumps(MISSING.say(language, " | "), ensure_ascii=False)
    source = for_language(SOURCE, language) + f'_find_course("{address}", {words})'
    # "course" marks the lesson's own cells for the grader; students' notebooks are released without it.
    metadata = {"course": {"id": ID}, "tags": ["hide-input"], "jupyter": {"source_hidden": True}}
    return v4.new_code_cell(source, id=ID, metadata=metadata)


def with_first_cell(notebook: Any, language: str, address: str = "") -> Any:
    """The notebook with the cell before its first code cell: the lesson's title stays on top."""
    place = next((i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"), len(notebook.cells))
    notebook.cells.insert(place, first_cell(language, address))
    return notebook


def without_address(source: str) -> str:
    """The cell's text as a release without an address has it: the address says nothing about a submission."""
    return _CALL.sub('_find_course("", ', source)
