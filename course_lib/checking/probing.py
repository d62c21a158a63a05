"""Runs one probe on one case and records what it saw.

The same code runs in a student's kernel, in the grader's sandbox and, for the reference, in the grader itself.
"""

from __future__ import annotations

import builtins
import contextlib
import difflib
import io
import linecache
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from course_lib.checking.results import Observed, RaisedError
from course_lib.checking.values import Value, observe, restore, type_name

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
    texts = tuple(dict.fromkeys(f"{w.category.__name__}: {_words_of(w.message)}"[:MAX_MESSAGE] for w in caught[:200]))
    return Observed(values, error, texts[:20], printed.getvalue())


def describe_error(raised: BaseException) -> RaisedError:
    """Type, message, and the deepest line that is the student's own (a notebook cell or a source given as text)."""
    line, source_line, file, names = None, "", "", None
    frames = list(traceback.walk_tb(raised.__traceback__))
    # The deepest of thousands of calls to itself says as much as all of them.
    for frame, number in reversed(frames):
        file = frame.f_code.co_filename
        if is_students(file):
            line, names = number, {**frame.f_globals, **frame.f_locals}
            source_line = linecache.getline(file, number).strip()[:300]
            break
    kind, message = type_name(raised), _words_of(raised)
    suspect = _suspect(kind, message, source_line, names or {})
    return RaisedError(kind, message, line, source_line, file if line is not None else "", suspect)


def _suspect(kind: str, message: str, source_line: str, names: dict[str, Any]) -> str:
    """A name that may explain the error: the one that was meant by a misspelt one, or a variable that hides a
    built-in function; "" where there is none."""
    known = [name for name in names if type(name) is str and not name.startswith("_")]
    if kind == "NameError" and (found := re.search(r"name '(\w+)' is not defined", message)):
        return next(iter(difflib.get_close_matches(found[1], [*known, *dir(builtins)], 1, 0.7)), "")
    if kind == "TypeError" and "is not callable" in message:
        hiding = (n for n in known if hasattr(builtins, n) and not callable(names[n]))
        return next((name for name in hiding if re.search(rf"\b{name}\s*\(", source_line)), "")
    return ""


def _words_of(thing: object) -> str:
    """``str`` of something that a student may have written: its own ``__str__`` may fail, or never end in time."""
    try:
        return str.__str__(str(thing))[:MAX_MESSAGE]
    except KeyboardInterrupt:
        raise
    except BaseException:
        return "(no readable message)"


def is_students(filename: str) -> bool:
    # IPython's cells lie in .../ipykernel_<pid>/<hash>.py or are called <ipython-input-…>; the grader names its own.
    return "ipykernel_" in filename or filename.startswith(("<ipython-input", "<cell"))


class _Bounded(io.StringIO):
    """A text stream that forgets what goes beyond its size instead of filling the memory."""

    def write(self, text: str) -> int:
        room = MAX_STDOUT - self.tell()
        if room > 0:
            super().write(text[:room])
        return len(text)

    def close(self) -> None:
        """Stays open: what was printed is still to be read."""


def current_shell() -> Any:
    """The IPython shell that runs the notebook; None outside one."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def call_site_namespace() -> dict[str, Any]:
    """The names that student code defined: the notebook's, or the calling script's globals outside Jupyter."""
    shell = current_shell()
    if shell is not None:
        namespace: dict[str, Any] = shell.user_ns
        return namespace
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("course_lib"):
        frame = frame.f_back
    return frame.f_globals
