"""What must be equal where a submission is graded and where its gradebook is written."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

import course_lib
import grader
from course_lib.text import Text
from grader.cluster.messages import ABSENT, DIFFERS
from grader.course import Course, CourseError, LessonRef, find_course

Versions = Mapping[str, str]
# Whatever student code computes or draws with, and what carries it here.
PACKAGES = ("torch", "torchvision", "numpy", "matplotlib", "ipython", "safetensors", "nbgrader", "distributed")
LESSON = "lesson "


def versions(course: Course | None) -> dict[str, str]:
    """By component: the interpreter and the machine's kind, packages, the grader's own code, each lesson with its
    exercises. course: None leaves lessons out."""
    found = {
        "python": ".".join(map(str, sys.version_info[:2])),
        "platform": f"{platform.system()} {platform.machine()}",
        **{name: _installed(name) for name in PACKAGES},
        "course": _installed("pytorch-course"),
        "grader code": _code(),
    }
    return found | ({LESSON + ref.id: _lesson(course, ref) for ref in course.lessons()} if course is not None else {})


def here(wanted: Iterable[str]) -> dict[str, str]:
    """A worker's own versions of the wanted components; those that it does not have are left out."""
    wanted = list(wanted)
    course = None
    if any(name.startswith(LESSON) for name in wanted):
        try:
            course = find_course()
        except CourseError:
            course = None
    mine = versions(course)
    if (now := mine["grader code"]) != _AT_START:
        mine["grader code"] = f"{now} (changed since the worker started)"
    return {name: mine[name] for name in wanted if name in mine}


def differences(there: Versions, expected: Versions) -> list[Text]:
    """A sentence for each component that a worker has in another version, or not at all."""
    return [
        (DIFFERS if name in there else ABSENT).format(component=name, there=there.get(name), here=version)
        for name, version in expected.items()
        if there.get(name) != version
    ]


def digest(of: Versions) -> str:
    return _digest(f"{name}={version}" for name, version in sorted(of.items()))


def _installed(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "–"


def _code() -> str:
    """Of everything that runs in a sandbox or beside it."""
    engine, cluster = Path(grader.__file__).parent / "engine", Path(__file__).parent
    return _digest_of((folder.name, folder) for folder in (engine, cluster, Path(course_lib.__file__).parent))


def _lesson(course: Course, ref: LessonRef) -> str:
    """Of a lesson's source and all files of its exercises: reading them runs nothing."""
    own, around = course.root / "grader" / "exercises" / ref.slug, Path(grader.__file__).parent / "exercises" / ref.slug
    return _digest_of([("lesson", ref.source), ("exercises", own if own.is_dir() else around)])


def _digest_of(places: Iterable[tuple[str, Path]]) -> str:
    return _digest(
        f"{name}/{path.relative_to(place).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for name, place in places
        for path in ([place] if place.is_file() else sorted(place.rglob("*")))
        if path.suffix in (".py", ".npz")
    )


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


# A worker lives long: what it has imported is older than what lies there after an update.
_AT_START = _code()
