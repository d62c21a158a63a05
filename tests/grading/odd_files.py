"""Builds places with odd files in them, and says in one word what became of each."""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from course_lib.text import Text
from grader import reasons
from grader.collect import Collected, collect
from grader.roster import Roster, Student

LESSONS = ["01_toy", "02_more"]
NOTEBOOK = b'{"cells": []}'
SECOND = b'{"cells": [{"source": "check(\\"more.forward\\")"}]}'
ROSTER = Roster(
    (
        Student("20260001", "王小明", "小明", "王", "wang@uni.example", moodle="91"),
        Student("20260002", "Ann Lee", "Ann", "Lee", "ann@uni.example", canvas="4712"),
        Student("20260003", "Ann Lee", "Ann", "Lee", "ann2@uni.example", canvas="4713"),
        Student("20260004", "José Núñez", "José", "Núñez"),
    )
)
_REASONS = {key: text.en.partition("{")[0] for key, text in vars(reasons).items() if isinstance(text, Text)}
Content = bytes | Callable[[Path], None]


@dataclass(frozen=True)
class Odd:
    """One entry of a zip that ``zipfile`` would not write by itself. raw: the name's bytes, without the mark of UTF-8;
    mode: of the file; flag: a bit of the header; method: the number of a packing method; damaged: spoil its bytes."""

    data: bytes = NOTEBOOK
    raw: bytes | None = None
    mode: int = 0
    flag: int = 0
    method: int | None = None
    damaged: bool = False


def zipped(members: Mapping[str, bytes | Odd]) -> bytes:
    """A zip. A member that is an Odd with a raw name gets that instead of its own."""
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, given) in enumerate(members.items()):
            odd = given if isinstance(given, Odd) else Odd(given)
            info = zipfile.ZipInfo(str(number).rjust(len(odd.raw), "x") if odd.raw is not None else name)
            info.compress_type = zipfile.ZIP_STORED if odd.damaged else zipfile.ZIP_DEFLATED
            info.external_attr = (odd.mode or stat.S_IFREG | 0o644) << 16
            archive.writestr(info, odd.data)
    made = bytearray(blob.getvalue())
    for (name, given), (header, entry) in zip(members.items(), _headers(made), strict=True):
        odd = given if isinstance(given, Odd) else Odd(given)
        for at, flags, method, start in ((header, 6, 8, 30), (entry, 8, 10, 46)):
            if odd.raw is not None:
                made[at + start : at + start + len(odd.raw)] = odd.raw
            if odd.flag:
                made[at + flags] |= odd.flag
            if odd.method is not None:
                struct.pack_into("<H", made, at + method, odd.method)
        if odd.damaged:
            data = header + 30 + len(name.encode())
            made[data : data + 4] = b"\0\0\0\0"
    return bytes(made)


def _headers(blob: bytes) -> list[tuple[int, int]]:
    """Where each entry's own header and its line in the list of contents begin."""
    found: list[tuple[int, int]] = []
    (at,) = struct.unpack_from("<I", blob, len(blob) - 6)
    while blob[at : at + 4] == b"PK\x01\x02":
        name, extra, comment = struct.unpack_from("<HHH", blob, at + 28)
        found.append((struct.unpack_from("<I", blob, at + 42)[0], at))
        at += 46 + name + extra + comment
    return found


def link_to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def build(root: Path, files: Mapping[str, Content]) -> Path:
    """A folder with these files, the later ones newer. Names that are no UTF-8 are given with surrogate escapes."""
    for number, (name, content) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if callable(content):
            content(path)
        else:
            path.write_bytes(content)
            os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    return root


def word(why: Text) -> str:
    """The name of a reason. Raises StopIteration for a text that is none."""
    return next(key for key, start in _REASONS.items() if why.en.startswith(start))


def account(found: Collected) -> dict[str, str]:
    """What became of each file. Raises AssertionError where one is accounted for twice."""
    lines = [(s.name, f"{s.student} {s.lesson}{' late' if s.late else ''}") for s in found.submissions]
    lines += [(name, "superseded") for name, _ in found.superseded]
    lines += [(name, word(why)) for name, why in found.refused]
    lines += [(name, f"ignored: {word(why)}") for name, why in found.ignored]
    assert len({name for name, _ in lines}) == len(lines), lines
    return dict(lines)


def accounted(place: Path, roster: Roster | None = None) -> dict[str, str]:
    return account(collect(place, LESSONS, roster=roster))
