"""Error carried forward: what an exercise asks of earlier ones, recorded from the reference, case by case.

Which exercises call the functions of others is seen when their references run; nobody has to write it down. Where a
student's earlier answer is wrong, such an exercise is tried once more with tables in place of the earlier functions:
the calls that the reference made in exactly this case, and what came back. The tables hold values, never the
reference's code.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from course_lib.checking.probing import ProbeFunction, run_probe
from course_lib.checking.values import Value, observe, restore
from course_lib.checking.verdict import ExercisePack
from grader import table_probe
from grader.dependencies import bound_names
from grader.lesson import Lesson
from grader.reference import run_solutions, solution_cell

CALLS = "recorded calls"  # under this name a case carries its table; no input can be called so
MAX_CALLS = 2_000


def functions(namespace: dict[str, Any], names: frozenset[str]) -> dict[str, Callable[..., Any]]:
    """Those of the names that are functions: what can be stood in for."""
    found = {name: namespace.get(name) for name in sorted(names)}
    return {name: thing for name, thing in found.items() if isinstance(thing, types.FunctionType)}


@contextmanager
def recorded(namespace: dict[str, Any], names: frozenset[str]) -> Iterator[list[dict[str, Any]]]:
    """Collects the calls of some functions of a namespace, by whoever calls them, as plain data."""
    calls: list[dict[str, Any]] = []
    real = functions(namespace, names)

    def recorder(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            # The arguments as they are before the call: what the function makes of them is its own affair.
            given = {"name": name, "args": observe(args), "kwargs": observe(kwargs)}
            result = function(*args, **kwargs)
            if len(calls) < MAX_CALLS:
                calls.append({**given, "result": observe(result), "tuple": isinstance(result, tuple)})
            return result

        return call

    namespace.update({name: recorder(name, function) for name, function in real.items()})
    try:
        yield calls
    finally:
        namespace.update(real)


@dataclass(frozen=True)
class Tables:
    """What one exercise asks of others. needs: the exercises; cases: per case its recorded calls, as raw objects."""

    needs: frozenset[str]
    cases: tuple[list[dict[str, Any]], ...]


def tables(lesson: Lesson, exercise: str, pack: ExercisePack, probe: ProbeFunction) -> Tables | None:
    """The recorded calls of one exercise's reference; None where it calls no other exercise's functions, or where the
    calls cannot be written down as data."""
    others = {
        name: other
        for other in (cell.id for cell in lesson.cells if "solution" in cell.tags)
        if other != exercise
        for name in bound_names(solution_cell(lesson, other).source)
    }
    namespace = run_solutions(lesson, [exercise])
    if not functions(namespace, frozenset(others)):
        return None
    recordings = []
    for case in pack.cases:
        with recorded(namespace, frozenset(others)) as calls:
            run_probe(probe, namespace, case.inputs)
        recordings.append(calls)
    needs = frozenset(others[call["name"]] for calls in recordings for call in calls)
    plain = all(_plain(call[part]) for calls in recordings for call in calls for part in ("args", "kwargs", "result"))
    if not needs or not plain:
        return None
    return Tables(needs, tuple([_raw(call) for call in calls] for calls in recordings))


def _raw(call: dict[str, Any]) -> dict[str, Any]:
    return {part: restore(thing) if isinstance(thing, Value) else thing for part, thing in call.items()}


def _plain(value: Value) -> bool:
    if value.kind == "sequence":
        return all(_plain(item) for item in value.data)
    if value.kind == "mapping":
        return all(_plain(item) for item in value.data.values())
    return value.kind != "other"


def probe_with_tables(source: str) -> str:
    """The text of a probe that puts tables in place of functions, then runs the given probe."""
    return source.replace("def probe(", "def _own_probe(", 1) + "\n\n" + inspect.getsource(table_probe.probe)
