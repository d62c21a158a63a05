"""What an update would write: everything is read and decided here, and nothing is changed.

A file that the student left as a release wrote it is replaced. One that they changed is kept beside the new one as
``NAME.yours``. Notebooks are merged. What no release wrote is not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.bundle import MANIFEST
from course_lib.text import LANGUAGES, Text
from course_lib.updating import given, words
from course_lib.updating.bundles import (
    START,
    Bundle,
    digest_of,
    manifest_bytes,
    notebooks_of,
    record_of,
    rendered,
    same_in_all,
)
from course_lib.updating.given import GivenNotebook, Tree
from course_lib.updating.merging import Event, merge
from course_lib.updating.opened import Unreadable, as_bytes, open_notebook

BACKUPS = "backups"
FRESH, SWITCHED = "fresh", "switched"  # what can happen to a whole notebook, beside what merging.Event names


@dataclass(frozen=True)
class Change:
    """A file to write: what it is now (None: not there), and what it will be (None: it goes)."""

    name: str
    before: bytes | None
    after: bytes | None


@dataclass
class Plan:
    """changes: in the order in which they are made. happened: what was done to each notebook, by its path. said: what
    the student should know. failed: whether something could not be done."""

    folder: Path
    language: str
    changes: list[Change] = field(default_factory=list)
    happened: dict[str, list[Event]] = field(default_factory=dict)
    said: list[Text] = field(default_factory=list)
    failed: bool = False

    def put(self, name: str, before: bytes | None, after: bytes | None) -> None:
        if before != after:
            self.changes.append(Change(name, before, after))

    def tell(self, text: Text, **values: object) -> None:
        self.said.append(text.format(**values))


def plan(old: Bundle, new: Bundle, language: str) -> Plan:
    """How ``old`` becomes ``new`` in a language; the same bundle twice changes the language only.

    Raises Refused where the new one is not whole, OSError where a file cannot be read.
    """
    texts = rendered(new, language)
    texts[MANIFEST] = _with_kept_lessons(texts[MANIFEST], old, new)
    made = Plan(old.folder, language)
    alike = {} if new.folder == old.folder else same_in_all(new)
    for name in notebooks_of(new.lessons):
        _notebook(made, old, new, name, texts[name])
    rest = {**alike, **{name: blob for name, blob in texts.items() if name not in notebooks_of(new.lessons)}}
    known = _as_released(old, new)
    # What a merge starts from is replaced after the merged notebooks, and course.json, which says what lies here, last.
    for name in sorted(rest, key=lambda name: (name == MANIFEST, name.startswith(given.FOLDER), name)):
        _file(made, name, rest[name], known.get(name, set()))
    if new.folder != old.folder:
        _vanished(made, old, new, known)
    made.changes.sort(key=lambda change: change.name == MANIFEST)
    return made


def _file(made: Plan, name: str, wanted: bytes, known: set[str]) -> None:
    have = _read(made.folder / name)
    if have is not None and have != wanted and digest_of(have) not in known and name != MANIFEST:
        kept = _free_name(made.folder, f"{name}.yours", have)
        made.put(kept, _read(made.folder / kept), have)
        made.tell(words.YOURS, name=name, kept=kept)
    made.put(name, have, wanted)


def _vanished(made: Plan, old: Bundle, new: Bundle, known: Mapping[str, set[str]]) -> None:
    """Files that the new release has no more. A lesson that it has no more stays whole, its checks too."""
    lessons = [lesson for lesson in old.lessons if lesson not in new.lessons]
    staying = tuple(place for lesson in lessons for place in _places(lesson))
    for lesson in lessons:
        made.tell(words.GONE, lesson=lesson)
    for name in sorted(set(old.files) - set(new.files)):
        have = _read(made.folder / name)
        if have is None or (staying and name.startswith(staying)):
            continue
        if digest_of(have) in known.get(name, set()):
            made.put(name, have, None)
        else:
            made.tell(words.LEFT, name=name)


def _places(lesson: str) -> tuple[str, ...]:
    """What a bundle holds for one lesson alone."""
    slug = lesson.partition("_")[2]
    return (f"notebooks/{lesson}/", f"course_lib/packs/{slug}/", f"{given.FOLDER}/{lesson}.json")


def _with_kept_lessons(manifest: bytes, old: Bundle, new: Bundle) -> bytes:
    """course.json of the new release, with the lessons that only the old one has: a class may get a lesson a week, each
    in a bundle of its own, and their progress and their language go on."""
    gone = [lesson for lesson in old.lessons if lesson not in new.lessons]
    kept = [lesson for lesson in gone if old.given(f"notebooks/{lesson}/{lesson}.ipynb") is not None]
    if not kept:
        return manifest
    tree = json.loads(manifest)
    places = tuple(place for lesson in kept for place in _places(lesson))
    files = {name: digest for name, digest in old.files.items() if name.startswith(places)}
    contents = [
        entry for entry in old.manifest.get("contents", []) if isinstance(entry, dict) and entry.get("id") in kept
    ]
    tree["lessons"] = sorted([*tree["lessons"], *kept])
    tree["contents"] = sorted([*tree.get("contents", []), *contents], key=lambda entry: str(entry["id"]))
    tree["files"] = dict(sorted({**files, **tree["files"]}.items()))
    return manifest_bytes(tree)


def _notebook(made: Plan, old: Bundle, new: Bundle, name: str, wanted: bytes) -> None:
    have = _read(made.folder / name)
    _tell_of_copies(made, name)
    if have is None:
        made.put(name, None, wanted)
        made.happened[name] = [Event(FRESH, name)]
        return
    try:
        student = open_notebook(have)
    except Unreadable as error:
        made.tell(words.UNREADABLE, name=name, why=error.text)
        made.failed = True
        return
    latest = new.given(name)
    if latest is None:  # rendered() has read it, so somebody is taking the folder away
        raise OSError(f"{new.folder / record_of(name)} cannot be read")
    base, spoke = _base(old, new, name, student), _language(student, old)
    untouched = digest_of(have) == old.files.get(name)
    if base is None and untouched:
        made.put(name, have, wanted)
        made.happened[name] = [Event(FRESH, name)]
        return
    if base is None:
        made.tell(words.NO_BASE, name=name)
    result = merge(student, base, latest, made.language, spoke)
    made.happened[name] = list(result.events)
    if result.notebook != student:
        made.put(name, have, as_bytes(result.notebook))
        if spoke != made.language:
            made.happened[name].append(Event(SWITCHED, name))


def _base(old: Bundle, new: Bundle, name: str, student: Tree) -> GivenNotebook | None:
    """What a notebook was made from. It says so itself, so that one from a backup, or one that an interrupted update
    already brought up to date, finds its own; where a tool took that away, it is the bundle's."""
    about = student["metadata"].get("course")
    if not isinstance(about, dict):
        return old.given(name)
    said = about.get("given")
    return next((found for found in _all_given(old, new, name) if found.digest == said), None)


def _all_given(old: Bundle, new: Bundle, name: str) -> Iterator[GivenNotebook]:
    former = sorted((old.folder / BACKUPS).glob("*"), reverse=True)
    for bundle in (new, old, *(Bundle(folder, {}) for folder in former)):
        found = bundle.given(name)
        if found is not None:
            yield found


def _language(student: Tree, old: Bundle) -> str:
    about = student["metadata"].get("course")
    said = about.get("language") if isinstance(about, dict) else None
    return said if said in LANGUAGES else old.language


def _as_released(old: Bundle, new: Bundle) -> dict[str, set[str]]:
    """For each file the digests of what a release wrote there, in any language: an update that was cut off, or a
    language that was changed and changed back, leaves such a file, and it is nobody's work."""
    known = {name: {digest} for name, digest in old.files.items()}
    for bundle in (old, new):
        try:
            texts = given.read_files((bundle.folder / given.FILES).read_bytes())
        except (OSError, ValueError):
            continue
        for name, sides in texts.items():
            known.setdefault(name, set()).update(digest_of(text.encode("utf-8")) for text in sides.values())
    for name, digest in new.files.items():
        known.setdefault(name, set()).add(digest)
    return known


def _tell_of_copies(made: Plan, name: str) -> None:
    """Names other notebooks that were once this lesson's: renamed ones, copies. They are the student's."""
    if name == START:
        return
    wanted = Path(name)
    for path in sorted((made.folder / wanted.parent).glob("*.ipynb")):
        if path.name == wanted.name:
            continue
        try:
            about = json.loads(path.read_bytes())["metadata"]["course"]
            mine = about["lesson"] == wanted.stem
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
        if mine:
            made.tell(words.COPY, name=(wanted.parent / path.name).as_posix(), wanted=wanted.name)


def _free_name(folder: Path, name: str, content: bytes) -> str:
    """A name that nothing else has; the one that has this very content already will do."""
    number = 1
    wanted = name
    while _read(folder / wanted) not in (None, content):
        number += 1
        wanted = f"{name}{number}"
    return wanted


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
