"""Runs one probe on one case and records what it saw.

The same code runs in a student's kernel, in the grader's sandbox and, for the reference, in the grader itself.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from course_lib.checking.results import Observed, RaisedError
from course_lib.checking.values import Value, observe, restore

MAX_PROPERTIES = 200
MAX_STDOUT = 20_000
MAX_MESSAGE = 2_000

ProbeFunction = Callable[[dict[str, Any], dict[str, Any]], Iterator[tuple[str, object]]]


class NotDefined(NameError):
    """The notebook defines no such name: the exercise was not reached, not wrong."""


class Names(dict[str, Any]):
    """A namespace for probes that says which name is missing."""

    def __missing__(self, name: str) -> Any:
        raise NotDefined(name)


def compile_probe(source: str) -> ProbeFunction:
    """The function ``probe`` that the source text defines, in a namespace of its own: nothing else is in reach."""
    namespace: dict[str, Any] = {"__name__": "probe"}
    exec(compile(source, "<probe>", "exec"), namespace)  # noqa: S102 - our own text, from the check pack
    function: ProbeFunction = namespace["probe"]
    return function


def run_probe(probe: str | ProbeFunction, namespace: dict[str, Any], inputs: dict[str, Value]) -> Observed:
    """Calls the probe with fresh copies of the inputs and keeps every value that it yields.

    What was seen before an exception counts. KeyboardInterrupt goes through; every other exception, SystemExit too,
    becomes part of the record. Printed text and warnings are kept, never shown.
    """
    function = compile_probe(probe) if isinstance(probe, str) else probe
    values: dict[str, Value] = {}
    error: RaisedError | None = None
    printed = _Bounded()
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
        warnings.simplefilter("always")
        try:
            with contextlib.redirect_stderr(printed):
                for name, thing in function(Names(namespace), {k: restore(v) for k, v in inputs.items()}):
                    if len(values) >= MAX_PROPERTIES:
                        break
                    values[str(name)] = observe(thing)
        except KeyboardInterrupt:
            raise
        except BaseException as raised:
            error = describe_error(raised)
    texts = tuple(dict.fromkeys(f"{w.category.__name__}: {w.message}"[:MAX_MESSAGE] for w in caught))
    return Observed(values, error, texts[:20], printed.getvalue())


def describe_error(raised: BaseException) -> RaisedError:
    """Type, message, and the deepest line that is the student's own (a notebook cell or a source given as text)."""
    line, source_line = None, ""
    try:
        message = str(raised)[:MAX_MESSAGE]
    except Exception:
        message = "(no readable message)"
    for frame in traceback.extract_tb(raised.__traceback__):
        if _is_students(frame.filename):
            line = frame.lineno
            source_line = (frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()[:300]
    return RaisedError(type(raised).__name__, message, line, source_line)


def _is_students(filename: str) -> bool:
    # IPython's cells lie in .../ipykernel_<pid>/<hash>.py or are called <ipython-input-…>; the grader names its own.
    return "ipykernel_" in filename or filename.startswith(("<ipython-input", "<cell"))


class _Bounded(io.StringIO):
    """A text stream that forgets what goes beyond its size instead of filling the memory."""

    def write(self, text: str) -> int:
        room = MAX_STDOUT - self.tell()
        if room > 0:
            super().write(text[:room])
        return len(text)


def call_site_namespace() -> dict[str, Any]:
    """The names that student code defined: the notebook's, or the calling script's globals outside Jupyter."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None:
        namespace: dict[str, Any] = shell.user_ns
        return namespace
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("course_lib"):
        frame = frame.f_back
    return frame.f_globals
