"""The outputs are those that a Jupyter kernel would have stored, compared with nbclient on the same cells."""

# ruff: noqa: E501 - a cell of student code is easier to read on one line
from __future__ import annotations

import re
from typing import Any

import nbclient
import nbformat
import pytest

from grader.course import LessonRef, find_course
from grader.engine import Limits, SandboxPool, Task
from grader.lesson import CHECK_SUFFIX

pytestmark = [pytest.mark.sandbox, pytest.mark.kernel]

CELLS = (
    "print('one')\nprint('two', end='')\nprint(' 三')",
    "import sys\nprint('err', file=sys.stderr)\nprint('out')",
    "1 + 1",
    "2 + 2;",
    "_ + 1, Out[3]",
    "'text'",
    "None",
    "",
    "# only a comment",
    "class Table:\n    def _repr_html_(self): return '<table></table>'\n    def _repr_markdown_(self): return '|a|'\n"
    "    def __repr__(self): return 'table'\nTable()",
    "class Bundle:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n"
    "        return {'text/plain': 'b', 'application/json': {'a': [1, 2.5, None]}}, {'application/json': {'expanded': True}}\n"
    "Bundle()",
    "from IPython.display import HTML, Markdown, Image, SVG, Math, JSON, display, clear_output\n"
    "print('before')\ndisplay(HTML('<b>x</b>'))\nprint('after')\ndisplay(1, 'two', Markdown('*m*'))\nMath('x^2')",
    "display({'text/plain': 'raw', 'text/html': '<i>raw</i>'}, raw=True, metadata={'text/html': {'isolated': True}})",
    "JSON({'a': 1})",
    "import base64\nImage(data=base64.b64decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='))",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.title('a')",
    "fig, (a, b) = plt.subplots(1, 2)\nfig2 = plt.figure()\nprint('two figures')",
    "fig, ax = plt.subplots()\nplt.show()\nprint('shown')",
    "fig, ax = plt.subplots()\nplt.close(fig)\nfig",
    "%matplotlib inline\nplt.plot([1])\nplt.show()",
    "1 / 0",
    "def f(x):\n    raise ValueError('bad 值')\nf(1)",
    "def g(:",
    "undefined_name",
    "import sys\nsys.exit(2)",
    "assert 1 == 2, 'not equal'",
    "raise KeyboardInterrupt",
    "import warnings\nwarnings.warn('careful')",
    "print('gone')\nclear_output()\nprint('kept')",
    "print('a')\nclear_output(wait=True)",
    "print('b')\nclear_output(wait=True)\nprint('c')",
    "handle = display('first', display_id='here')",
    "handle.update('second')\nprint('updated')",
    "display('again', display_id='here')",
    "for i in range(3): display(i)",
    "import ipywidgets as w\nw.IntSlider(value=3)",
    "out = w.Output()\nwith out:\n    print('inside')\n    display(HTML('inside'))\nprint('outside')",
    "w.interact(lambda x: print('x', x), x=(0, 3));",
    "import os, time\nos.system('echo from a shell')\ntime.sleep(0.3)",
    "!echo with a bang",
    "x = !echo captured\nx",
    "%%bash\necho in bash",
    "%%capture c\nprint('hidden')",
    "c.stdout",
    "%time 1 + 1;",
    "?print",
    "input('name? ')",
    "import torch\ntorch.ones(2, requires_grad=True)",
    "import numpy as np\nnp.arange(3.0)",
    "{'b': [1, 2], 'a': (3,)}, {1, 2}",
    "list(range(300))",
    "sys.stdout.write('no newline')",
    "print('p'); sys.stdout.flush(); print('e', file=sys.stderr); sys.stderr.flush(); print('q')",
    "get_ipython().__class__.__name__, __name__, In[0]",
    "async def h(): return 5\nawait h()",
    "import pandas_is_not_here",
    "from course_lib import Text\nText(en='a', zh='b')",
)


def test_outputs_equal_those_of_a_kernel(pool: SandboxPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_LANG", "both")
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # where it is set, ipykernel does not catch what subprocesses print
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    nbclient.NotebookClient(notebook, timeout=60, allow_errors=True, kernel_name="python3").execute()
    run = pool.submit_task(Task(CELLS)).result(timeout=90)
    wrong = []
    for cell, mine in zip(notebook.cells, run.cells, strict=True):
        theirs = comparable(cell.outputs)
        if comparable(mine.outputs) != theirs or mine.execution_count != cell.execution_count:
            wrong.append((cell.source, mine.execution_count, cell.execution_count, comparable(mine.outputs), theirs))
    assert not wrong, "\n\n".join("\n  ".join(map(str, item)) for item in wrong)


@pytest.mark.parametrize("ref", find_course().lessons(), ids=lambda ref: ref.id)
def test_a_lesson_s_outputs_equal_those_that_the_kernel_stored(ref: LessonRef, monkeypatch: pytest.MonkeyPatch) -> None:
    """The built notebook's outputs come from a Jupyter kernel, and the nbval tier says that they still do.

    Two things differ on purpose: at grading a check's plain text is its score, and sliders are left out.
    """
    monkeypatch.setenv("COURSE_LANG", "both")
    cells = [cell for cell in nbformat.read(ref.notebook, 4).cells if cell.cell_type == "code"]
    with SandboxPool(1, Limits()) as pool:  # as in grading
        run = pool.submit_task(Task(tuple(cell.source for cell in cells))).result(timeout=120)
    assert [event.code for event in run.events] == []
    compared = []
    for cell, mine in zip(cells, run.cells, strict=True):
        if cell.id.endswith(CHECK_SUFFIX) or "nbval-ignore-output" in cell.metadata.get("tags", []):
            continue
        for output in cell.outputs:
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
        compared.append(cell.id)
        assert comparable(mine.outputs) == comparable(cell.outputs), cell.id
    assert compared


def comparable(outputs: list[Any]) -> list[Any]:
    """The outputs without what differs from run to run: model ids, image bytes, traceback text, addresses, paths."""
    found: list[Any] = []
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            text = neutral(output["text"])
            if found and found[-1][:2] == ["stream", output["name"]]:
                found[-1][2] += text
            else:
                found.append(["stream", output["name"], text])
        elif kind == "error":
            found.append([kind, output["ename"], neutral(output["evalue"]), len(output["traceback"])])
        else:
            data = {m: "image" if m.startswith("image/") else neutral(str(d)) for m, d in output["data"].items()}
            found.append([kind, data, dict(output["metadata"]), output.get("execution_count")])
    return found


def neutral(text: str) -> str:
    text = re.sub(r"0x[0-9a-f]+", "0x", text)
    text = re.sub(r"'?model_id'?: '[0-9a-f]{32}'", "model_id", text)
    text = re.sub(r"/tmp/ipykernel_\d+/\d+\.py", "cell", text)
    text = re.sub(r"\(\d+\.py,", "(cell,", text)
    text = re.sub(r"/\S*/site-packages/", "site-packages/", text)  # packages below /tmp are shown elsewhere inside
    return re.sub(r"(CPU times|Wall time).*", r"\1", text)
