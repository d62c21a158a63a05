"""``grader release``: the student bundle.

    lessons ──to_notebook──▶ notebooks ──nbgrader's own preprocessors──▶ no solutions, no outputs, checksums ─┐
    course_lib, packs of these lessons, start page, start commands, versions, licences ───────────────────────┴▶ files

``compose`` makes all files in memory, the same bytes every time; ``write`` puts them down. Nothing of the reference,
the hidden cases or the wrong answers' code is ever among them.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from grader.course import Course
from grader.lesson import Lesson
from grader.reference import BEGIN, END

Bundle = dict[str, bytes]  # path inside the bundle, with /, to content
MANIFEST = "course.json"
EXECUTABLE = ("start.sh", "start.command")  # a zip keeps the mode bits that it finds


class ReleaseError(Exception):
    """A bundle cannot be made or cannot be written there. The message says what to do."""


def compose(course: Course, lessons: list[Lesson], language: str) -> Bundle:
    """All files of a bundle. Raises ReleaseError where a solution would be in it, LessonError, ExerciseError."""
    from grader import student_files
    from grader.notebook import exercise_points
    from grader.start_commands import start_commands
    from grader.start_page import readme, start_page

    points = {lesson.ref.id: exercise_points(lesson) for lesson in lessons}
    bundle = _library(course, {lesson.ref.slug for lesson in lessons})
    version = student_files.project(course.root)["version"]
    for lesson in lessons:
        notebook = student_notebook(course, lesson, language, points[lesson.ref.id], version)
        bundle[f"notebooks/{lesson.ref.id}/{lesson.ref.id}.ipynb"] = _notebook_bytes(notebook)
    bundle["START.ipynb"] = _notebook_bytes(start_page(lessons, points, language))
    bundle |= start_commands()
    for name, text in (
        ("README.md", readme(language)),
        ("pyproject.toml", student_files.pyproject(course.root)),
        ("requirements.txt", student_files.requirements(course.root, language)),
        ("environment.yml", student_files.environment(course.root, language)),
    ):
        bundle[name] = text.encode("utf-8")
    for name in student_files.project(course.root)["license-files"]:
        bundle[name] = (course.root / name).read_bytes()
    for lesson in lessons:
        _refuse_leaks(bundle, lesson)
    bundle[MANIFEST] = _manifest(bundle, language, version, lessons, points)
    return dict(sorted(bundle.items()))


def student_notebook(
    course: Course, lesson: Lesson, language: str, points: dict[str, float] | None = None, version: str = ""
) -> Any:
    """The notebook that students get: stubs, no outputs, locked checks, nbgrader's checksums."""
    from nbgrader.preprocessors import CheckCellMetadata, LockCells

    from grader.notebook import to_notebook
    from grader.released import as_released
    from grader.staleness import made_from

    notebook = as_released(to_notebook(lesson, language, points))
    for preprocessor in (LockCells(), CheckCellMetadata()):
        notebook, _ = preprocessor.preprocess(notebook, {})
    for cell in notebook.cells:
        cell.metadata.pop("course", None)  # it holds a hash of the cell with its solution
    notebook.metadata["course"] = made_from(course, lesson.ref) | {"language": language, "version": version}
    return notebook


def write(bundle: Bundle, out: Path, force: bool = False) -> None:
    """Writes a bundle into an empty folder, or in place of a former release.

    Files of a former release that were changed since are somebody's work: without ``force`` they stop the release,
    and nothing is written. Files that no release wrote are left alone. Raises ReleaseError.
    """
    former = _former(out)
    changed = [name for name, digest in former.items() if (out / name).is_file() and _digest(out / name) != digest]
    if changed and not force:
        raise ReleaseError(
            f"{out}: changed since it was released: {', '.join(changed)}; save them elsewhere, or say --force"
        )
    for name in sorted(set(former) - set(bundle)):
        (out / name).unlink(missing_ok=True)
    # The manifest goes first: a release that was cut off can be repeated.
    for name in sorted(bundle, key=lambda name: name != MANIFEST):
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bundle[name])
        if name in EXECUTABLE:
            path.chmod(0o755)


def _former(out: Path) -> dict[str, str]:
    """The files of the release that lies in a folder, path to digest; nothing where the folder is empty.

    Raises ReleaseError for a folder with anything else in it.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return {}
    try:
        files = json.loads((out / MANIFEST).read_text(encoding="utf-8"))["files"]
        if all(isinstance(name, str) and _inside(out, name) for name in files):
            return {str(name): str(digest) for name, digest in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    raise ReleaseError(f"{out}: is not empty and holds no former release; name a new or empty folder")


def _inside(out: Path, name: str) -> bool:
    return (out / name).resolve().is_relative_to(out.resolve())


def _library(course: Course, slugs: set[str]) -> Bundle:
    """course_lib as it is, with the packs of these lessons only."""
    found = {}
    for path in sorted((course.root / "course_lib").rglob("*")):
        inside = path.relative_to(course.root)
        hidden = any(part.startswith((".", "__pycache__")) for part in inside.parts)
        foreign = inside.parts[1] == "packs" and len(inside.parts) > 3 and inside.parts[2] not in slugs
        if path.is_file() and not hidden and not foreign and path.suffix not in (".pyc", ".tmp"):
            found[inside.as_posix()] = path.read_bytes()
    return found


def _refuse_leaks(bundle: Bundle, lesson: Lesson) -> None:
    """Raises ReleaseError where a notebook still holds a line that stands only between a solution's marks."""
    secret: dict[str, str] = {}
    public: set[str] = set()
    for cell in lesson.cells:
        inside = False
        for line in map(str.strip, cell.source.splitlines()):
            inside = (inside or line == BEGIN) and line != END
            if inside and "solution" in cell.tags and len(line) > 8:
                secret[line] = cell.id
            else:
                public.add(line)
    text = json.loads(bundle[f"notebooks/{lesson.ref.id}/{lesson.ref.id}.ipynb"])
    for cell in text["cells"]:
        for line in map(str.strip, "".join(cell["source"]).splitlines()):
            if line in secret and line not in public:
                raise ReleaseError(f"{lesson.ref.id}: cell {cell['id']} holds a line of the solution {secret[line]!r}")


def _manifest(
    bundle: Bundle, language: str, version: str, lessons: list[Lesson], points: dict[str, dict[str, float]]
) -> bytes:
    """course.json. ``contents`` is what a student's progress is counted by: course_lib.progress."""
    data = {
        "schema_version": 1,
        "language": language,
        "version": version,
        "lessons": [lesson.ref.id for lesson in lessons],
        "contents": [
            {
                "id": lesson.ref.id,
                "title": {side: lesson.title(side) for side in ("en", "zh")},
                "points": {f"{lesson.ref.slug}.{name}": worth for name, worth in points[lesson.ref.id].items()},
            }
            for lesson in lessons
        ],
        "files": {name: hashlib.sha256(bundle[name]).hexdigest() for name in sorted(bundle)},
    }
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def _notebook_bytes(notebook: Any) -> bytes:
    import nbformat

    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook)
    return (text.rstrip("\n") + "\n").encode("utf-8")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
