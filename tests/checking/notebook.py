"""A notebook for tests: cells run one after the other in a real IPython shell, as in a kernel, then a check."""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from course_lib.checking.check import CheckReport, check


@dataclass(frozen=True)
class Asked:
    """What a student sees: the report, and what the cells printed on the way (tracebacks too)."""

    report: CheckReport
    printed: str


@contextlib.contextmanager
def shell() -> Iterator[object]:
    """A fresh shell, which every call of ``get_ipython`` finds meanwhile; nothing of it stays behind."""
    import IPython
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    InteractiveShell.clear_instance()
    kept = sys.displayhook, sys.excepthook, dict(sys.modules), sys.modules.get("__main__")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = InteractiveShell.instance(config=config, colors="nocolor")
    try:
        assert IPython.get_ipython() is made
        yield made
    finally:
        made.restore_sys_module_state()
        InteractiveShell.clear_instance()
        sys.displayhook, sys.excepthook = kept[0], kept[1]
        if kept[3] is not None:
            sys.modules["__main__"] = kept[3]


def ask(key: str, cells: Sequence[str], hint: int = 1) -> Asked:
    """Runs cells and then the check of an exercise, in a notebook of its own."""
    printed = io.StringIO()
    with shell() as made, contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        for cell in cells:
            made.run_cell(cell, store_history=True)  # type: ignore[attr-defined]
        report = check(key, hint)
    return Asked(report, printed.getvalue())
