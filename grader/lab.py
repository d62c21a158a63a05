"""The lessons in a working folder, for trying the course as a student does."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from course_lib.text import Text
from course_lib.updating.bundles import Refused, read_bundle
from course_lib.updating.planning import plan
from course_lib.updating.reporting import report
from course_lib.updating.writing import carry_out

KEPT = Text(
    en="kept as you left it: {name} (delete it to get a fresh copy)",
    zh="保留你的版本：{name}（删除后可得到全新的副本）",
)


@dataclass(frozen=True)
class Laid:
    """What was copied and what was left alone, as paths relative to the working folder."""

    copied: tuple[Path, ...]
    kept: tuple[Path, ...]


def bring_up_to_date(release: Path, work: Path, language: str) -> list[Text] | None:
    """A former release in a working folder becomes this one, in a language, with all work in it kept; what there is to
    say of it. None where the folder holds no release yet. Raises Stopped where a file cannot be written.
    """
    try:
        former = read_bundle(work)
    except Refused:
        return None
    made = plan(former, read_bundle(release), language)
    return list(report(made, carry_out(made)))


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
