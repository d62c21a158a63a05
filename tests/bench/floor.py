"""The floor: the cells of a submission in a fork of a warm process, and nothing else.

No sandbox, no limits, no probes, no judging, no saving: what a grader cannot do without, as long as every submission
gets a process of its own. ``python -m tests.bench.floor JOBS FILE…`` prints the seconds that all the files took and,
one by one, the seconds of each.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def main() -> None:
    os.environ.update(dict.fromkeys(THREADS, "1"))
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # as in a kernel
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from grader.engine.inside.pages import join_pages
    from grader.engine.inside.streams import Channel
    from grader.engine.inside.warm import warm_up

    jobs, files = int(sys.argv[1]), sys.argv[2:]
    shell, _ = warm_up(["import matplotlib.pyplot as plt\nimport torch"])
    import gc

    gc.freeze()
    join_pages()
    nothing = Channel(None, 2**20)
    shell.connect(nothing)
    cells = [
        [c["source"] for c in json.loads(Path(file).read_text())["cells"] if c["cell_type"] == "code"] for file in files
    ]
    sources = [["".join(s) for s in one if "check(" not in "".join(s)] for one in cells]
    began = time.perf_counter()
    running: dict[int, float] = {}
    each: list[float] = []
    for source in sources:
        if len(running) == jobs:
            _collect(running, each)
        pid = os.fork()
        if pid == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            for cell in source:
                shell.run_cell(cell, store_history=True)
            os._exit(0)
        running[pid] = time.perf_counter()
    while running:
        _collect(running, each)
    record = {"seconds": time.perf_counter() - began, "each": each}
    os.write(1, (json.dumps(record) + "\n").encode())
    os._exit(0)


def _collect(running: dict[int, float], each: list[float]) -> None:
    pid, _ = os.wait()
    each.append(time.perf_counter() - running.pop(pid))


if __name__ == "__main__":
    main()
