"""The probe of a second try: tables of recorded calls in place of the functions of earlier exercises.

Its text is sent to the sandbox behind the exercise's own probe, which it finds as ``_own_probe``; so it stands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def _own_probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Stands for the exercise's probe, for type checkers: where this file's ``probe`` is sent, that one is there."""
    raise NotImplementedError


def probe(ns: dict[str, Any], case: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Runs the exercise's own probe with recorded calls in place of the functions of other exercises."""
    import numpy as np

    calls = case.pop("recorded calls")

    def same(a: Any, b: Any) -> bool:
        if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
            return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
        if isinstance(a, dict) and isinstance(b, dict):
            return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
        if isinstance(a, str) or a is None or isinstance(b, str) or b is None:
            return a is b or a == b
        a, b = (np.asarray(t.detach().cpu().numpy() if hasattr(t, "detach") else t) for t in (a, b))
        if a.shape != b.shape or a.dtype.kind not in "biufc" or b.dtype.kind not in "biufc":
            return False
        return bool(np.allclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True))

    def fresh(thing: Any) -> Any:
        if isinstance(thing, list):
            return [fresh(item) for item in thing]
        if isinstance(thing, dict):
            return {k: fresh(item) for k, item in thing.items()}
        if hasattr(thing, "detach"):
            return thing.detach().clone().requires_grad_(thing.requires_grad)
        return thing.copy() if hasattr(thing, "copy") else thing

    def table(name: str) -> Callable[..., Any]:
        rows = [call for call in calls if call["name"] == name]

        def stand_in(*args: Any, **kwargs: Any) -> Any:
            for row in rows:  # positional or by name is a matter of taste: the values count, in their order
                if same([*args, *kwargs.values()], [*row["args"], *row["kwargs"].values()]):
                    result = fresh(row["result"])
                    return tuple(result) if row["tuple"] else result
            raise LookupError(f"{name} was called with values for which no correct result is known")

        return stand_in

    tables = {name: table(name) for name in sorted({call["name"] for call in calls})}
    own = [(k, thing, getattr(thing, "__globals__", {})) for k, thing in list(ns.items())]
    for scope in [ns, *(s for k, thing, s in own if s.get(k) is thing)]:  # where the student's functions look
        scope.update(tables)
    yield from _own_probe(ns, case)
