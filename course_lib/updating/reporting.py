"""What is said at the end of an update or a change of language: a line per notebook, then what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from course_lib.text import Text
from course_lib.updating import words
from course_lib.updating.merging import Event
from course_lib.updating.planning import Change, Plan


def report(plan: Plan, backup: Path | None, dry_run: bool = False, switched: bool = False) -> Iterator[Text]:
    """backup: where the former files are; switched: whether the language was changed, and nothing else."""
    for name, what in plan.happened.items():
        said = _events(what)
        if said is not None:
            yield words.LESSON.format(lesson=PurePosixPath(name).stem, what=said)
    yield from plan.said
    if not plan.changes:
        if not plan.failed:
            yield words.NOTHING
        return
    yield (words.WOULD if dry_run else words.FILES).format(count=len(plan.changes))
    if dry_run:
        return
    if backup is not None:
        yield words.BACKUP.format(place=backup)
    yield words.RELOAD
    if switched:
        yield words.OUTPUTS
        yield words.MENUS
    if any(change.name == "requirements.txt" and _wants_more(change) for change in plan.changes):
        yield words.PACKAGES


def _wants_more(change: Change) -> bool:
    """Whether a file of versions names one that it did not name before."""
    return bool(set((change.after or b"").splitlines()) - set((change.before or b"").splitlines()))


def _events(events: Sequence[Event]) -> Text | None:
    """One line: how many cells of each kind, and the names of those to look at."""
    parts = []
    for kind, text in words.PARTS.items():
        names = [event.cell for event in events if event.kind == kind]
        if names:
            parts.append(text.format(count=len(names), names=_listed(names)))
    return Text(en=", ".join(part.en for part in parts), zh="，".join(part.zh for part in parts)) if parts else None


def _listed(names: Sequence[str]) -> Text:
    return Text(en=", ".join(names), zh="、".join(names))
