"""The lessons in a working folder, for trying the course as a student does."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from course_lib.text import Text

KEPT = Text(
    en="kept as you left it: {name} (delete it to get a fresh copy)",
    zh="保留你的版本：{name}（删除后可得到全新的副本）",
)


@dataclass(frozen=True)
class Laid:
    """What was copied and what was left alone, as paths relative to the working folder."""

    copied: tuple[Path, ...]
    kept: tuple[Path, ...]


def lay_out(release: Path, work: Path) -> Laid:
    """Copies a release into a working folder. A notebook that is already there is a student's work and is never
    overwritten; everything else is brought up to date.
    """
    copied, kept = [], []
    for source in sorted(path for path in release.rglob("*") if path.is_file()):
        name = source.relative_to(release)
        target = work / name
        if target.exists():
            if target.read_bytes() == source.read_bytes():
                continue
            if name.suffix == ".ipynb":
                kept.append(name)
                continue
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(target.name + ".part")
        shutil.copy(source, unfinished)  # with its mode: the start commands can be run
        unfinished.replace(target)
        copied.append(name)
    return Laid(tuple(copied), tuple(kept))
