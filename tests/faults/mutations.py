"""Damaged notebooks: a good submission with one thing wrong, in its bytes or in its structure, drawn from a seed."""

from __future__ import annotations

import contextlib
import copy
import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

JUNK: tuple[Any, ...] = (
    None, True, -1, 0, 10**400, 1e308, float("nan"), float("-inf"), "", "\0", "\ud800", "x" * 100_000, [], {}, [[]],
    {"": {}}, [None], {"a": None}, "javascript:alert(1)", "../../etc/passwd", {"__class__": "x"},
    [{"cell_type": "code"}], "1e999",
)  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A damaged file. how: what was done to it. harmless: whether the answers are all still there, as they were."""

    how: str
    blob: bytes
    harmless: bool


def mutant(good: bytes, seed: int) -> Mutant:
    """The mutant of a seed: the same one every time."""
    rng = random.Random(seed)
    return rng.choice((_bytes, _structure, _structure, _structure))(good, rng)


def _bytes(good: bytes, rng: random.Random) -> Mutant:
    at = rng.randrange(len(good))
    length = min(int(rng.paretovariate(0.5)), 5000)
    noise = rng.randbytes(min(length, 200))
    ways: dict[str, Callable[[], bytes]] = {
        "flipped bit": lambda: good[:at] + bytes([good[at] ^ (1 << rng.randrange(8))]) + good[at + 1 :],
        "cut off": lambda: good[:at],
        "piece missing": lambda: good[:at] + good[at + length :],
        "noise put in": lambda: good[:at] + noise + good[at:],
        "noise over": lambda: good[:at] + noise + good[at + len(noise) :],
        "piece doubled": lambda: good[:at] + good[at : at + length] + good[at:],
        "byte order mark": lambda: b"\xef\xbb\xbf" + good,
        "utf-16": lambda: good.decode().encode("utf-16"),
        "latin-1": lambda: good.decode().encode("gbk", "replace"),
        "compressed": lambda: gzip.compress(good, mtime=0),
        "twice": lambda: good + good,
        "line ends": lambda: good.replace(b"\n", b"\r\n"),
        "merge marks": lambda: good.replace(b"\n", b"\n<<<<<<< HEAD\n", 1) + b"\n=======\n>>>>>>> main\n",
        "zeros": lambda: good + b"\0" * length,
    }
    how = rng.choice(sorted(ways))
    return Mutant(how, ways[how](), how == "byte order mark")


def _structure(good: bytes, rng: random.Random) -> Mutant:
    tree = json.loads(good)
    places = list(_places(tree))
    path = rng.choice(places)
    at: Any = tree
    for step in path[:-1]:
        at = at[step]
    key = path[-1]
    how = rng.choice(("junk", "junk", "junk", "gone", "doubled", "nested", "renamed", "swapped"))
    if how == "junk":
        at[key] = copy.deepcopy(rng.choice(JUNK))
    elif how == "gone":
        del at[key]
    elif how == "doubled" and isinstance(at, list):
        at.insert(key, copy.deepcopy(at[key]))
    elif how == "nested":
        for _ in range(rng.choice((1, 50, 800))):
            at[key] = [at[key]]
    elif how == "renamed" and isinstance(at, dict):
        at[rng.choice(("", "Source", "métadonnées", "a" * 300, "constructor"))] = at.pop(key)
    elif how == "swapped":
        other = rng.choice(places)
        if other[: len(path)] != path and path[: len(other)] != other:
            there: Any = tree
            for step in other[:-1]:
                there = there[step]
            with contextlib.suppress(KeyError, IndexError, TypeError):
                at[key], there[other[-1]] = there[other[-1]], at[key]
    words = f"{how} at {'/'.join(map(str, path))}"
    return Mutant(words, json.dumps(tree).encode(), how in ("junk", "gone", "nested") and _is_harmless(path))


def _is_harmless(path: tuple[Any, ...]) -> bool:
    """Whether what lies here says nothing about the answers: notebook metadata, outputs, counts, cell metadata."""
    if path[0] in ("metadata", "nbformat_minor"):
        return True
    return len(path) > 2 and path[0] == "cells" and path[2] in ("metadata", "outputs", "execution_count", "id")


def _places(tree: Any, path: tuple[Any, ...] = ()) -> Any:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from _places(value, (*path, key))
