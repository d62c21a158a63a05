"""Student code that finds its connection to the parent, or breaks what the process uses to answer."""

# ruff: noqa: E501 - a cell of student code is easier to read on one line
from __future__ import annotations

import pytest

from tests.engine.conftest import Go, codes, double_job, observed, text

pytestmark = pytest.mark.sandbox
DOUBLE = "def double(x):\n    return 2 * x"
FIND = (
    "import os, socket, stat, struct, json\n"
    "def is_socket(n):\n    try: return stat.S_ISSOCK(os.fstat(n).st_mode)\n    except OSError: return False\n"
    "fd = next(n for n in range(3, 256) if is_socket(n))\n"
)


@pytest.mark.parametrize(
    "attack",
    [
        "os.write(fd, os.urandom(5000))",
        "os.write(fd, struct.pack('!IB', 2**32 - 1, 22))",
        "os.write(fd, struct.pack('!IB', 2**31, 20))",
        "os.write(fd, struct.pack('!IB', 3, 99) + b'abc')",
        "os.write(fd, struct.pack('!IB', 3, 22) + b'{{{')",
        "os.write(fd, struct.pack('!IB', 2, 22) + b'[]')",
        "d = b'[' * 60000; os.write(fd, struct.pack('!IB', len(d), 22) + d)",
        'd = b\'{"type": "display_data", "data": 5}\'; os.write(fd, struct.pack(\'!IB\', len(d), 22) + d)',
        'd = b\'{"type": "display_data", "data": {"text/plain": [1]}}\'; os.write(fd, struct.pack(\'!IB\', len(d), 22) + d)',
        'd = b\'{"type": "error", "traceback": 7}\'; os.write(fd, struct.pack(\'!IB\', len(d), 22) + d)',
        'd = b\'{"type": "execute_result", "data": {}, "execution_count": -1}\'; os.write(fd, struct.pack(\'!IB\', len(d), 22) + d)',
        "os.write(fd, struct.pack('!IB', 8, 24) + b'12345678')",
        "os.write(fd, struct.pack('!IB', 30, 25) + b'x' * 30)",
        "os.write(fd, struct.pack('!IB', 10, 1) + b'{\"re\": \"a\"}'[:10])",
        "os.close(fd)",
        "socket.socket(fileno=fd).shutdown(2)",
        "while True: os.write(fd, struct.pack('!IB', 60000, 20) + b'x' * 60000)",
    ],
)
def test_forged_frames_cost_their_own_cell(go: Go, attack: str) -> None:
    run = go("a = 1", FIND + attack, DOUBLE, "print(a)", probes=(double_job(),))
    assert run.cells[1].status == "died"
    assert any(c in ("malformed", "cell_died", "output_flood") and k == 1 for c, k in codes(run))
    assert text(run, 3) == "1\n"
    assert observed(run).values["y"].data == 42


def test_half_a_frame_is_waited_for_only_so_long(go: Go) -> None:
    run = go("a = 1", FIND + "os.write(fd, struct.pack('!IB', 5000, 20) + b'x')", DOUBLE, probes=(double_job(),))
    assert run.cells[1].status in ("died", "timeout")
    assert observed(run).values["y"].data == 42


def test_forged_output_is_only_output(go: Go) -> None:
    forged = (
        "d = json.dumps({'type': 'execute_result', 'data': {'text/plain': '10.0'}, 'metadata': {}, 'execution_count': 1})"
        ".encode(); os.write(fd, struct.pack('!IB', len(d), 22) + d)"
    )
    run = go(FIND + forged, probes=(double_job(),))
    assert run.cells[0].outputs[0]["data"] == {"text/plain": "10.0"}
    assert observed(run).error is not None  # and no score comes from outputs


def test_a_thread_that_answers_first(go: Go) -> None:
    attack = (
        FIND + "import threading, time\ndef forge():\n"
        "    while True:\n        os.write(fd, struct.pack('!IB', 30, 25) + b'x' * 30)\n        time.sleep(0.2)\n"
        "threading.Thread(target=forge, daemon=True).start()\ntime.sleep(0.5)"
    )
    run = go(attack, DOUBLE, probes=(double_job(),))
    assert run.cells[0].status == "died"
    assert observed(run).values["y"].data == 42


def test_a_thread_that_eats_requests(go: Go) -> None:
    attack = (
        FIND + "import threading\ns = socket.socket(fileno=os.dup(fd))\n"
        "threading.Thread(target=lambda: [s.recv(99) for _ in range(999)], daemon=True).start()"
    )
    run = go(DOUBLE, attack, probes=(double_job(),))
    assert len(run.probes[0].observed) == 1  # who wins the race is chance; the next submission is not affected


@pytest.mark.parametrize(
    "patch",
    [
        "import json, struct, socket\njson.dumps = json.loads = struct.pack = socket.socket.sendall = None",
        "import sys\nsys.stdout = sys.stderr = None",
        "import sys\nsys.stdout.close(); sys.stderr.close()",
        "import os\nfor n in (0, 1, 2): os.close(n)",
        "import builtins\nbuiltins.isinstance = lambda *a: True",
        "import sys\nfor name in list(sys.modules): sys.modules.pop(name)",
        "import IPython\nip = get_ipython()\nip.run_cell = lambda *a, **k: None",
        "import gc\nfor o in gc.get_objects():\n    if type(o).__name__ == 'Channel': o.__dict__.clear()",
        "import threading\nthreading.RLock = threading.Lock = None\nimport time\ntime.monotonic = None",
        "import os\nos.fork = os.pipe = os.waitpid = None",
        "raise SystemExit(3)",
        "import atexit, os\natexit.register(os._exit, 7)",
        "import sys\nsys.setrecursionlimit(50)",
        "import signal\nsignal.alarm(1)",
        "get_ipython().execution_count = 10**9",
        "get_ipython().user_ns.clear()",
    ],
)
def test_broken_process_does_no_harm(go: Go, patch: str) -> None:
    run = go(DOUBLE, patch, "1 + 1", probes=(double_job(),))
    assert run.cells[0].status == "ok"
    assert len(run.probes[0].observed) == 1  # an observation or an event, never an exception of the grader


@pytest.mark.parametrize(
    "patch",
    [
        "from course_lib.checking import probing\nprobing.run_probe = lambda *a: 'full marks'",
        "from course_lib.checking import wire\nwire.pack = lambda *a: b'full marks'",
        "from course_lib.checking import wire\nimport pickle\nclass E:\n    def __reduce__(self): return (print, ('pwned',))\n"
        "wire.pack = lambda *a: pickle.dumps(E())",
        "from course_lib.checking import wire\nreal = wire.pack\nwire.pack = lambda x: real(['nothing'])",
        "from course_lib.checking import values\nvalues.observe = None\nfrom course_lib.checking import probing\nprobing.observe = None",
    ],
)
def test_patched_probing_gives_no_observation(go: Go, patch: str) -> None:
    run = go(DOUBLE, patch, probes=(double_job(21, 22),))
    found = run.probes[0].observed[0]
    assert getattr(found, "code", "") in ("malformed", "probe_died") or observed(run).error is not None


def test_objects_that_lie_are_taken_by_their_memory(go: Go) -> None:
    lie = (
        "import torch, numpy as np\nclass Yes(torch.Tensor):\n    def __eq__(self, o): return True\n"
        "    @classmethod\n    def __torch_function__(cls, f, types, args=(), kwargs=None): return torch.ones(1)\n"
        "class Same(np.ndarray):\n    def __eq__(self, o): return True\n    def __array_finalize__(self, o): pass\n"
        "def double(x): return np.zeros(2).view(Same)"
    )
    run = go(lie, probes=(double_job(),))
    assert observed(run).values["y"].data.tolist() == [0.0, 0.0]
