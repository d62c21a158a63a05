"""Using up what others need: time, memory, processes, files, output."""

from __future__ import annotations

from tests.attacks.attack import Attack

_TIME = "waits for its time limit of many seconds"
_MACHINE = "would take the machine down"

ATTACKS = (
    Attack("loops", "while True: pass", event="cell_timeout", stock=_TIME),
    Attack("sleeps", "import time\ntime.sleep(10**6)", event="cell_timeout", stock=_TIME),
    Attack(
        "ignores_the_interrupt",
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
        event="cell_killed",
        stock=_TIME,
        runs=False,
    ),
    Attack("loops_in_c", "import itertools\nmax(itertools.repeat(0))", event="cell_killed", stock=_TIME, runs=False),
    Attack(
        "catches_every_interrupt",
        "import time\ndef again():\n    while True:\n        try: time.sleep(99)\n        except BaseException: pass\nagain()",
        event="cell_killed",
        stock=_TIME,
        runs=False,
    ),
    Attack(
        "loops_in_an_answer",
        answers={"total": "def total(x):\n    while True: pass"},
        event="probe_timeout",
        stock=_TIME,
    ),
    Attack(
        "loops_in_the_first_answer",
        answers={
            "double": "def double(x):\n    while True: pass",
            "total": "def total(x):\n    return float(np.sum(x))",
        },
        score=2.0,
        event="probe_timeout",
        stock=_TIME,
    ),
    Attack("eats_memory", "x = []\nwhile True: x.append(bytearray(2**24))", event="memory", stock=_MACHINE),
    Attack(
        "eats_memory_at_once",
        "import numpy as np\nx = np.ones(10**12)",
        event="memory",
        stock=_MACHINE,
    ),
    Attack(
        "eats_memory_in_an_answer",
        answers={"total": "def total(x):\n    y = []\n    while True: y.append(bytearray(2**24))"},
        stock=_MACHINE,
    ),
    Attack(
        "eats_memory_in_many_processes",
        "import os, time\n"
        "for _ in range(8):\n"
        "    if os.fork() == 0:\n"
        "        x = bytearray(b'1') * (150 * 2**20)\n        time.sleep(100)\n        os._exit(0)\n"
        "time.sleep(100)",
        event="memory",
        runs=False,
        stock=_MACHINE,
    ),
    Attack(
        "forks_without_end",
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        runs=False,
        stock=_MACHINE,
    ),
    Attack(
        "starts_threads_without_end",
        "import threading, time\nfor _ in range(5000): threading.Thread(target=time.sleep, args=(99,)).start()",
        stock=_MACHINE,
    ),
    Attack("prints_without_end", "while True: print('x' * 1000)", event="output", stock=_TIME),
    Attack(
        "writes_to_a_descriptor_without_end",
        "import os\nfor _ in range(10**4): os.write(1, b'x' * 65536)",
        event="output",
        stock="fills the disk",
    ),
    Attack("displays_without_end", "for n in range(5000): display(n)", event="output", stock=_TIME),
    Attack(
        "shows_itself_without_end",
        "class Endless:\n    def __repr__(self):\n        while True: pass\nprint(1)\nEndless()",
        event="cell_timeout",
        stock=_TIME,
    ),
    Attack(
        "writes_a_huge_file",
        "f = open('/tmp/huge', 'wb')\nfor _ in range(1000): f.write(b'x' * 2**24)",
        stock="fills the disk",
    ),
    Attack(
        "writes_many_files",
        "for n in range(10**6):\n    open(f'/dev/shm/{n}', 'w').write('x' * 4096)",
        stock="fills the disk",
    ),
    Attack(
        "opens_many_files", "import tempfile\nfiles = [tempfile.TemporaryFile() for _ in range(10**5)]", stock=_MACHINE
    ),
    Attack("recurses", "def f(n): return f(n + 1)\nf(0)", runs=False),  # its traceback may take longer than it may
    Attack(
        "recurses_into_a_crash",
        "import sys, threading\nsys.setrecursionlimit(10**9)\n"
        "class C:\n    def __getattr__(self, n): return getattr(self, n)\n"
        "f = lambda *a: f(*a, *a[:1])\nC().x",
        event="cell_died",
        runs=False,
    ),
    Attack("crashes", "import ctypes\nctypes.string_at(0)", event="cell_died", runs=False),
    Attack("aborts", "import os\nos.abort()", event="cell_died", runs=False),
    Attack("ends_the_process", "import os\nos._exit(0)", event="cell_died", runs=False),
    Attack(
        "ends_the_process_in_every_cell",
        "import os\nos._exit(0)",
        after="import os\nos._exit(1)",
        event="cell_died",
        runs=False,
    ),
    Attack(
        "answers_with_too_much",
        answers={"total": "def total(x):\n    return np.zeros(3 * 10**5)"},
        event="probe_too_large",
    ),
    Attack(
        "answers_with_endless_nesting",
        answers={"total": "def total(x):\n    y = []\n    y.append(y)\n    return y"},
    ),
)
