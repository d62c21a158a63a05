"""Everything a submission would otherwise pay for: imports, and what libraries build at their first use.

Forked from a process that has only imported torch, a first check takes half a second; from one that has run something
of the kind, some milliseconds. Only cells that are no secret are run here: every submission sees their traces.
"""

from __future__ import annotations

import gc
import random
import warnings
from typing import Any

from .shell import ZMQInteractiveShell, make_shell
from .streams import Channel

_TRAINS = (
    "m = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(8, 2))\n"
    "o = torch.optim.SGD(m.parameters(), lr=0.1)\n"
    "l = torch.nn.functional.cross_entropy(m(torch.randn(2, 1, 4, 4)), torch.tensor([0, 1]))\n"
    "l.backward(); o.step(); o.zero_grad()\nprint(l, m)"
)
_CELLS = (
    "import numpy as np\nimport torch\nimport matplotlib.pyplot as plt",
    "fig, ax = plt.subplots()\nax.plot([1, 2], [1e-3, 2], label='$x^2$')\nax.set_title('a')\nax.legend()\nplt.show()",
    "plt.imshow(np.ones((3, 3)))\nplt.colorbar()\nplt.show()",
    _TRAINS,
    "torch.randn(2, 2, dtype=torch.float64) @ torch.ones(2, 2, dtype=torch.float64)",
    "from IPython.display import HTML, display, clear_output\ndisplay(HTML('<b>b</b>'))",
    "import ipywidgets\nipywidgets.IntSlider()",
    "import warnings\nwarnings.warn('w')",
    "!true",
    "1/0",
    "def f(:",
    "np.linalg.solve(np.eye(2), np.ones(2))",
)
_PROBE = "def probe(ns, case):\n    yield 'a', case['x'] * 2\n    yield 'b', ns['missing']\n"


def own_cells(accelerator: bool) -> list[str]:
    """What is run besides the given cells. accelerator: submissions may use one; then nothing goes backward here, for
    that begins every device that torch sees (autograd has a thread for each), and no fork could begin it again."""
    return [cell for cell in _CELLS if not (accelerator and cell == _TRAINS)]


def warm_up(cells: list[str], accelerator: bool = False) -> tuple[ZMQInteractiveShell, list[str]]:
    """The shell in a state that a fresh kernel has, and the types of the errors that the given cells raised."""
    import matplotlib as mpl
    import numpy as np
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    shell = make_shell()
    shell.connect(Channel(None, 2**20))
    shell.run_cell(_CELLS[0] + "; plt.figure()")  # chooses the backend, which sets things that stay
    settings, filters = dict(mpl.rcParams), list(warnings.filters)
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    for cell in own_cells(accelerator):
        shell.run_cell(cell, store_history=True)
    failed = [_error_of(shell.run_cell(cell, store_history=True)) for cell in cells]
    _warm_probe(torch.ones(2), np.ones(2))

    plt = __import__("matplotlib.pyplot").pyplot
    plt.close("all")
    mpl.rcParams.update(settings)
    warnings.filters[:] = filters  # type: ignore[index]
    warnings.filterwarnings("default", message="(the list changed: forget which warnings were shown)")
    warnings.filters.pop(0)  # type: ignore[attr-defined]
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    shell.reset(new_session=True)
    shell.compile.reset_compiler_flags()
    gc.collect()
    return shell, [name for name in failed if name]


def _error_of(result: Any) -> str:
    error = result.error_before_exec or result.error_in_exec
    return type(error).__name__ if error is not None else ""


def _warm_probe(*things: object) -> None:
    from course_lib.checking import probing, wire
    from course_lib.checking.values import observe

    for thing in things:
        packed = wire.pack({"inputs": {"x": observe(thing)}})
        seen = probing.run_probe(_PROBE, {}, wire.unpack(packed)["inputs"])
        wire.unpack(wire.pack(seen))
