"""Check packs: what a student's ``check`` judges by. Plain data in one file per exercise, read without executing any
of it; the probe's text inside is run only when a check is asked for.

A pack holds the probe, the public cases, what is expected of them, and what known wrong answers make of them with
their hints; of known mistakes with devices, what the simulated device saw. It never holds the reference solution,
hidden cases or a wrong answer's code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from course_lib.checking import wire
from course_lib.checking.device_hints import DeviceMistake, Sign
from course_lib.checking.results import Hint, Observed
from course_lib.checking.verdict import ExercisePack, JudgedCase, KnownWrong, PropertySpec
from course_lib.text import Text, TextError

SCHEMA_VERSION = 1
PACKS = Path(__file__).resolve().parent.parent / "packs"
SUFFIX = ".safetensors"


class PackError(TextError):
    """A check pack is missing or cannot be read; ``text`` says so in both languages."""


def pack_path(key: str, folder: Path = PACKS) -> Path:
    """Where the pack of ``slug.exercise`` lies. Raises PackError for anything that is not such a key."""
    slug, dot, exercise = key.partition(".")
    if not (dot and slug.isidentifier() and exercise.isidentifier()):
        raise PackError(
            Text(
                en='"{key}" is not the name of an exercise; a name looks like "numpy_backprop.forward".',
                zh='"{key}" 不是练习的名称；名称的形式如 "numpy_backprop.forward"。',
            ).format(key=key)
        )
    return folder / slug / f"{exercise}{SUFFIX}"


def read_pack(key: str, folder: Path = PACKS) -> ExercisePack:
    """The pack of an exercise. Raises PackError where it is missing, too old, too new or damaged."""
    path = pack_path(key, folder)
    try:
        tree = wire.unpack(path.read_bytes())
    except FileNotFoundError:
        known = ", ".join(sorted(f"{p.parent.name}.{p.stem}" for p in folder.glob(f"*/*{SUFFIX}"))) or "–"
        raise PackError(
            Text(
                en='There is no exercise "{key}". The exercises are: {known}.',
                zh='没有名为 "{key}" 的练习。现有练习：{known}。',
            ).format(key=key, known=known)
        ) from None
    except (OSError, wire.WireError) as error:
        raise PackError(
            Text(
                en="The check file {name} is damaged ({error}). Copy it again from the course bundle.",
                zh="检查文件 {name} 已损坏（{error}）。请从课程包中重新复制。",
            ).format(name=path.name, error=error)
        ) from None
    version = tree.get("schema_version") if isinstance(tree, dict) else None
    if version != SCHEMA_VERSION:
        older = isinstance(version, int) and version < SCHEMA_VERSION
        raise PackError(
            Text(
                en="The check file {name} is too {age} for this course_lib: update the {what}.",
                zh="检查文件 {name} 与当前 course_lib 不匹配（过{age}）：请更新{what}。",
            ).format(
                name=path.name,
                age=Text(en="old", zh="旧") if older else Text(en="new", zh="新"),
                what=Text(en="course bundle", zh="课程包") if older else Text(en="library", zh="该库"),
            )
        )
    return from_tree(tree)


def write_pack(pack: ExercisePack, folder: Path = PACKS) -> Path:
    """Writes a pack with its public cases only, whole or not at all."""
    path = pack_path(pack.key, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    unfinished.write_bytes(wire.pack(to_tree(pack)))
    unfinished.replace(path)
    return path


def to_tree(pack: ExercisePack) -> dict[str, Any]:
    """The pack as a tree of plain data; hidden cases stay out."""
    # Only where it is not the usual one, so that most packs read the same to an older course_lib.
    unusual: dict[str, Any] = {} if pack.timeout == ExercisePack.timeout else {"timeout": pack.timeout}
    if pack.portable:
        unusual["portable"] = True
    if pack.device:
        unusual["device"] = [
            {
                "code": m.code,
                "misconception": _text_out(m.misconception),
                "hint": _hint_out(m.hint),
                "signs": [_sign_out(sign) for sign in m.signs],
            }
            for m in pack.device
        ]
    return {
        "schema_version": SCHEMA_VERSION,
        "key": pack.key,
        "title": _text_out(pack.title),
        "exercise_hash": pack.exercise_hash,
        "probe": pack.probe,
        "properties": [
            {
                "name": p.name,
                "label": _text_out(p.label),
                "points": p.points,
                "rtol": p.rtol,
                "atol": p.atol,
                "only_with": p.only_with,
            }
            for p in pack.properties
        ],
        "cases": [
            {"name": c.name, "label": _text_out(c.label), "inputs": c.inputs, "expected": c.expected}
            for c in pack.public()
        ],
        "wrong": [
            {
                "code": w.code,
                "misconception": _text_out(w.misconception),
                "hint": _hint_out(w.hint),
                "observed": list(w.observed),
            }
            for w in pack.wrong
        ],
        "fallback": _hint_out(pack.fallback),
        **unusual,
    }


def from_tree(tree: dict[str, Any]) -> ExercisePack:
    """The pack that ``to_tree`` made plain."""
    return ExercisePack(
        key=tree["key"],
        title=Text(**tree["title"]),
        exercise_hash=tree["exercise_hash"],
        probe=tree["probe"],
        properties=tuple(PropertySpec(**{**p, "label": Text(**p["label"])}) for p in tree["properties"]),
        cases=tuple(
            JudgedCase(c["name"], Text(**c["label"]), c["inputs"], _observed(c["expected"])) for c in tree["cases"]
        ),
        wrong=tuple(
            KnownWrong(w["code"], Text(**w["misconception"]), _hint_in(w["hint"]), tuple(map(_observed, w["observed"])))
            for w in tree["wrong"]
        ),
        fallback=_hint_in(tree["fallback"]),
        timeout=float(tree.get("timeout", ExercisePack.timeout)),
        portable=tree.get("portable") is True,
        device=tuple(
            DeviceMistake(m["code"], Text(**m["misconception"]), _hint_in(m["hint"]), tuple(map(_sign_in, m["signs"])))
            for m in tree.get("device", ())
        ),
    )


def _text_out(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}


def _hint_out(hint: Hint) -> dict[str, dict[str, str]]:
    return {"question": _text_out(hint.question), "neighbour": _text_out(hint.neighbour)}


def _hint_in(tree: dict[str, dict[str, str]]) -> Hint:
    return Hint(Text(**tree["question"]), Text(**tree["neighbour"]))


def _sign_out(sign: Sign | None) -> dict[str, Any] | None:
    if sign is None:
        return None
    shapes = [list(shape) for shape in sign.shapes]
    return {
        "kind": sign.kind,
        "operation": sign.operation,
        "shapes": shapes,
        "origin": sign.origin,
        "after": sign.after,
    }


def _sign_in(tree: dict[str, Any] | None) -> Sign | None:
    if tree is None:
        return None
    return Sign(tree["kind"], tree["operation"], tuple(map(tuple, tree["shapes"])), tree["origin"], tree["after"])


def _observed(thing: object) -> Observed:
    if not isinstance(thing, Observed):
        raise wire.WireError("an observation is missing")
    return thing
