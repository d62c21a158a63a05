"""Whose notebook is it, and which lesson? Read from paths as people and learning platforms write them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_COPIES = r"(?:\s*\(\d+\)|\s*（\d+）|[-_ ]*(?:copy|副本)\s*\d*|-\d{1,2})"
_COPY = re.compile(rf"{_COPIES}+$", re.IGNORECASE)
_NOTEBOOK = re.compile(rf"\.ipynb{_COPIES}*(?:\.(?:txt|json|ipynb|zip))*$", re.IGNORECASE)
_MOODLE = re.compile(r"(?P<name>.+?)_(?P<user>\d+)_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<file>.*))?")
_CANVAS = re.compile(
    r"(?P<name>.+?)_(?P<late>late_)?(?P<user>\d{2,})_(?P<upload>\d{3,})(?:_(?P<file>.+))?", re.IGNORECASE
)
_COPY_ONLY = re.compile(r"(?:\s*\(\d+\)|\s*（\d+）|[-_ ]*(?:copy|副本)\s*\d*)+$", re.IGNORECASE)
_AGAIN = re.compile(r"-(\d{1,2})$")


_SEPARATORS = "_- .,()（）"
_NOBODY = ("submitted", "notebooks")  # folders of nbgrader's and of the students' bundle


@dataclass(frozen=True)
class Label:
    """What a learning platform wrote into a name. user: its number for the student; kind: Moodle's kind of submission;
    upload: Canvas's number for the upload, and how often a file of this name was handed in before; file: the name that
    the student gave."""

    platform: str
    name: str
    user: str
    kind: str = "file"
    late: bool = False
    upload: tuple[int, int] = (0, 0)
    file: str = ""


def label_of(part: str) -> Label | None:
    """The label in the name of a file, a folder or an archive; None where no platform wrote one."""
    if (moodle := _MOODLE.fullmatch(part)) is not None:
        return Label("moodle", moodle["name"], moodle["user"], moodle["kind"], file=moodle["file"] or "")
    stem = without_endings(part)
    if (canvas := _CANVAS.fullmatch(stem)) is None:
        return None
    again = _AGAIN.search(stem)
    number = (int(canvas["upload"][:30]), int(again[1]) if again is not None and canvas["file"] else 0)
    file = canvas["file"] or ""
    return Label("canvas", canvas["name"], canvas["user"], late=bool(canvas["late"]), upload=number, file=file)


def label_in(parts: Sequence[str]) -> Label | None:
    """The label in a path: Moodle's, which may stand around a file that looks like Canvas's, else the first."""
    labels = [label for part in parts if (label := label_of(part)) is not None]
    return next((label for label in labels if label.platform == "moodle"), labels[0] if labels else None)


def is_notebook(name: str) -> bool:
    """Whether a name is a notebook's, also with an ending that a browser or an editor put behind it."""
    return _NOTEBOOK.search(_plain(name)) is not None


def is_zip(name: str) -> bool:
    return name.lower().rstrip(". ").endswith(".zip")


def without_endings(name: str) -> str:
    """A name without what says that it is a notebook or an archive."""
    return re.sub(r"\.zip$", "", _NOTEBOOK.sub("", _plain(name)), flags=re.IGNORECASE)


def _plain(name: str) -> str:
    """In Unicode's composed form: a Mac takes é and か゛ apart. Without blanks and dots that some systems drop."""
    return unicodedata.normalize("NFC", name).rstrip(". ")


@dataclass(frozen=True)
class Owner:
    """Whose a file seems to be. name: the person's, as written; words: all names in its path that may be a person's,
    the likeliest first; label: the platform's, where one stands in the path."""

    name: str
    words: tuple[str, ...]
    label: Label | None = None


def lesson_of(
    parts: Sequence[str], read: Callable[[], bytes], lessons: Sequence[str], only: str | None = None
) -> str | None:
    """The lesson that a file belongs to: by its path, else the only one there is, else by the checks in it."""
    for lesson in lessons:
        if lesson in parts[:-1]:
            return lesson
    for part in reversed(parts):
        if (found := _lesson_in(part, lessons)) is not None:
            return found
    if only is not None or len(lessons) == 1:
        return only or lessons[0]
    text = read().decode("utf-8", "replace")
    named = [lesson for lesson in lessons if _slug(lesson) and f'check(\\"{_slug(lesson)}.' in text]
    return named[0] if len(named) == 1 else None


def owner_of(parts: Sequence[str], lesson: str) -> Owner | None:
    """Whose a file is: by the platform's label, else as in nbgrader's tree, else the outermost folder or archive, else
    the file's name without the lesson's. None where nothing is left of the name."""
    label = label_in(parts)
    if (label is None or label.platform != "moodle") and len(parts) > 2 and parts[-2] == lesson:
        student, above = parts[-3], parts[-4] if len(parts) > 3 else "submitted"
        if above == "submitted" and student not in _NOBODY and not is_zip(student):
            return Owner(student, (student,))
    if label is not None:
        rest = [label.file, *(part for part in parts if label_of(part) is None and part not in _NOBODY)]
        return Owner(label.name, (label.name, *filter(None, (without_lesson(part, lesson) for part in rest))), label)
    words = [without_lesson(part, lesson) for part in parts if part not in _NOBODY]
    words = [word for word in words if word]
    return Owner(words[0], tuple(words)) if words else None


def without_lesson(part: str, lesson: str) -> str:
    """A file's or folder's name without its endings, the marks of copies and the lesson's name."""
    stem = without_endings(part)
    bare = _COPY.sub("", stem)
    apart = r"[\s\-_.]+"
    for name in filter(None, (lesson, _slug(lesson))):
        pattern = apart.join(re.escape(word) for word in name.split("_"))
        if name == lesson:  # anywhere; its second half alone only at the end, it may be a word of somebody's name
            pattern = rf"(?:{apart}|(?<![A-Za-z0-9])){pattern}(?:{apart}|(?![A-Za-z0-9]))"
        else:
            pattern = rf"(?:^|{apart}){pattern}$"
        rest = re.sub(pattern, "_", bare, flags=re.IGNORECASE)
        if rest != bare:
            return rest.strip(_SEPARATORS)
    return _COPY_ONLY.sub("", stem).strip(_SEPARATORS)


def safe_id(name: str) -> str:
    """A student's id that is fit for paths, pages and nbgrader: letters, digits and ``. _ @ -``, at most 100.

    A name that loses more than its blanks gets a short hash, so that two names never become one.
    """
    name = unicodedata.normalize("NFC", name)
    spaced = re.sub(r"\s+", "_", name.strip())
    safe = re.sub(r"[^\w.@-]+", "_", spaced).strip("._-")[:100]
    if safe and safe == spaced:
        return safe
    return f"{safe or 'student'}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:6]}"


def _lesson_in(part: str, lessons: Sequence[str]) -> str | None:
    label = label_of(part)
    stem = _COPY.sub("", without_endings(label.file if label is not None else part))
    plain = _flat(stem)
    whole = [name for name in lessons if re.search(rf"(?<![a-z0-9]){re.escape(_flat(name))}(?![a-z0-9])", plain)]
    if len(whole) == 1:
        return whole[0]
    slugs = {name: re.escape(_flat(_slug(name))) for name in lessons if _slug(name)}
    ending = [name for name, slug in slugs.items() if re.search(rf"(?:^|_){slug}$", plain)]
    return max(ending, key=len) if ending and not whole else None


def _flat(name: str) -> str:
    return re.sub(r"[\s\-_.]+", "_", unicodedata.normalize("NFKC", name).casefold())


def _slug(lesson: str) -> str:
    return lesson.partition("_")[2]
