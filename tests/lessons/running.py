"""Runs the code cells of a lesson in this process, on the device that one names, and keeps what they said.

Needs torch, NumPy and course_lib, nothing else: on a bare machine with a GPU there is neither Jupyter nor matplotlib.
So nothing is drawn; but what a cell hands to a figure is turned into arrays, as matplotlib would do it, which a tensor
on an accelerator refuses.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from course_lib.explorer import _start
from course_lib.precision import _read as settings
from course_lib.precision import _write as give_back

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
CHOICE = "device = pick_device()"
_MARKER = re.compile(r'# %%(?P<kind>[^"]*?)\bid="(?P<id>[^"]+)"(?P<rest>.*)')
_NAMES = re.compile(r"\b(cpu|cuda|mps|xpu|meta)(:\d+)?\b")


@dataclass(frozen=True)
class Code:
    """A code cell of a lesson's source."""

    id: str
    tags: str
    source: str


@dataclass
class Told:
    """What a run of a lesson said, by cell: printed lines, descriptions of figures, answers to predictions.

    trained: the kinds of device on which losses went backward, by cell. chosen: the cell that chose the device.
    exact: whether kernels had to be repeatable at the end.
    """

    said: dict[str, list[str]] = field(default_factory=dict)
    answers: dict[str, object] = field(default_factory=dict)
    trained: dict[str, set[str]] = field(default_factory=dict)
    chosen: str = ""
    exact: bool = False

    def trained_since(self) -> dict[str, set[str]]:
        """The cells from the choice of the device on in which something was trained, and on which kinds of device."""
        cells = list(self.trained)
        return {cell: self.trained[cell] for cell in cells[cells.index(self.chosen) :] if self.trained[cell]}


def code_cells(path: Path) -> list[Code]:
    """The code cells of a py:percent source, in order."""
    cells: list[Code] = []
    lines: list[str] | None = None
    for line in path.read_text(encoding="utf-8").splitlines():
        if found := _MARKER.match(line):
            lines = None
            if "[markdown]" not in found["kind"]:
                lines = []
                cells.append(Code(found["id"], found["rest"].strip(), ""))
        elif lines is not None:
            lines.append(line)
            cells[-1] = Code(cells[-1].id, cells[-1].tags, "\n".join(lines).strip())
    return cells


def accelerated() -> list[Path]:
    """The sources of the lessons that choose a device and use it."""
    sources = sorted(NOTEBOOKS.glob("[0-9]*/[0-9]*.py"))
    return [path for path in sources if any(CHOICE in cell.source for cell in code_cells(path))]


def run(cells: list[Code], device: str, world: AbstractContextManager[object] | None = None) -> Told:
    """Runs the cells with ``COURSE_DEVICE=device``. Whatever a cell raises comes through, with the cell named.

    world: entered before the cell that chooses the device; what comes earlier knows nothing of devices. What the lesson
    sets about precision is given back.
    """
    told = Told()
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.ExitStack() as around:
        around.enter_context(_environment(COURSE_DEVICE=device))
        around.callback(give_back, settings())
        backwards = around.enter_context(_Backwards())
        for cell in cells:
            if "check" in cell.tags:
                continue
            if CHOICE in cell.source and not told.chosen:
                told.chosen = cell.id
                around.enter_context(world or contextlib.nullcontext())
            backwards.seen = told.trained.setdefault(cell.id, set())
            kept = told.said.setdefault(cell.id, [])
            out = io.StringIO()
            try:
                with contextlib.redirect_stdout(out):
                    exec(_compiled(cell), names)
                    _stand_ins(names, kept, told.answers)
            except Exception as error:
                error.add_note(f"in cell {cell.id}")
                raise
            if "nbval-ignore-output" in cell.tags:
                kept.clear()
            else:
                kept += [_NAMES.sub("<device>", line) for line in out.getvalue().splitlines()]
        told.exact = torch.are_deterministic_algorithms_enabled()
    return told


def _compiled(cell: Code) -> Any:
    name = f"<cell {cell.id}>"  # a student's file, to those who look for the student's line
    linecache.cache[name] = (len(cell.source), None, [line + "\n" for line in cell.source.splitlines()], name)
    return compile(cell.source, name, "exec")


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class _Backwards(TorchFunctionMode):
    """Notes on which kind of device a loss lies that goes backward."""

    seen: set[str]

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.Tensor.backward:
            self.seen.add(args[0].device.type)
        return func(*args, **kwargs or {})


def _stand_ins(names: dict[str, Any], kept: list[str], answers: dict[str, object]) -> None:
    """Puts what only a notebook has, or only a figure needs, in the place of what a cell has imported."""

    def show(_figure: object, alt: object) -> None:
        kept.append(f"figure: {alt}")

    def explore(draw: Callable[..., Any], labels: object = None, **controls: Any) -> None:
        show(*draw(**{name: _start(name, control) for name, control in controls.items()}))

    def animate(draw: Callable[..., Any], frames: Any, *_: object, **__: object) -> None:
        show(*draw(list(frames)[-1]))

    def new_figure(nrows: int = 1, ncols: int = 1, **_: object) -> tuple[Any, Any]:
        axes = np.empty((nrows, ncols), dtype=object)
        axes[...] = [[_Drawing() for _ in range(ncols)] for _ in range(nrows)]
        return _Drawing(), axes.squeeze() if axes.size > 1 else axes[0, 0]

    stand_ins: dict[str, Any] = {
        "animate": animate,
        "autograd_graph": lambda *_, **__: (_Drawing(), _Drawing()),
        "computation_graph": lambda *_, **__: (_Drawing(), _Drawing()),
        "explore": explore,
        "label": lambda *_, **__: None,
        "legend": lambda *_, **__: None,
        "new_figure": new_figure,
        "prediction": lambda *_, **__: None,
        "predictions": lambda *_: None,
        "reveal": answers.__setitem__,
        "show": show,
        "solved": lambda *_: True,
    }
    names.update({name: thing for name, thing in stand_ins.items() if name in names})


class _Drawing:
    """A figure, or a part of it, that draws nothing and reads everything."""

    def __getattr__(self, name: str) -> _Drawing:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, _: object) -> _Drawing:
        return self

    def __iter__(self) -> Iterator[_Drawing]:
        return iter([self])

    def __call__(self, *args: Any, **kwargs: Any) -> _Drawing:
        for thing in (*args, *kwargs.values()):
            _read(thing)
        return self


def _read(thing: Any) -> None:
    if isinstance(thing, torch.Tensor):
        np.asarray(thing)
    elif isinstance(thing, (list, tuple)):
        for part in thing:
            _read(part)
