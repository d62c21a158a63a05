"""``grader release``: the student bundle.

    lessons ──to_notebook──▶ notebooks ──nbgrader's own preprocessors──▶ no solutions, no outputs, checksums ─┐
    course_lib, packs of these lessons, start page, start commands, versions, licences ───────────────────────┴▶ files

What depends on the language is in the bundle once for all three (``course_lib/released/``): from it a student's copy
is brought up to date, or into another language, with nothing of theirs lost.

``compose`` makes all files in memory, the same bytes every time; ``write`` puts them down. Nothing of the reference,
the hidden cases or the wrong answers' code is ever among them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib.bundle import EXECUTABLE, MANIFEST
from course_lib.text import LANGUAGES
from course_lib.updating.bundles import digest_of
from grader.course import Course
from grader.lesson import Lesson
from grader.reference import BEGIN, END

if TYPE_CHECKING:
    from course_lib.updating.given import GivenNotebook

Bundle = dict[str, bytes]  # path inside the bundle, with /, to content


class ReleaseError(Exception):
    """A bundle cannot be made or cannot be written there. The message says what to do."""


def compose(course: Course, lessons: list[Lesson], language: str, address: str = "") -> Bundle:
    """All files of a bundle. address: where its zip will lie, for students on Colab.

    Raises ReleaseError where a solution would be in it, LessonError, ExerciseError.
    """
    from course_lib.updating import bundles, given
    from grader import student_files
    from grader.notebook import exercise_points
    from grader.start_commands import start_commands

    points = {lesson.ref.id: exercise_points(lesson) for lesson in lessons}
    bundle = _library(course, {lesson.ref.slug for lesson in lessons})
    version = student_files.project(course.root)["version"]
    for name, notebook in _notebooks(course, lessons, points, version, address).items():
        bundle[bundles.record_of(name)] = given.as_bytes(notebook)
        bundle[name] = _notebook_bytes(notebook.render(language))
    texts = _texts(course)
    bundle[given.FILES] = given.files_as_bytes(texts)
    bundle |= {name: sides[language].encode("utf-8") for name, sides in texts.items()}
    bundle |= start_commands()
    bundle["pyproject.toml"] = student_files.pyproject(course.root).encode("utf-8")
    for name in student_files.project(course.root)["license-files"]:
        bundle[name] = (course.root / name).read_bytes()
    for lesson in lessons:
        _refuse_leaks(bundle, lesson)
    bundle[MANIFEST] = _manifest(bundle, language, version, lessons, points, address)
    return dict(sorted(bundle.items()))


def _notebooks(
    course: Course, lessons: list[Lesson], points: dict[str, dict[str, float]], version: str, address: str
) -> dict[str, GivenNotebook]:
    """Every notebook of a bundle in all languages at once, by its path."""
    from course_lib.updating.bundles import START
    from course_lib.updating.given import gathered
    from grader.start_page import start_page

    found = {START: gathered({side: start_page(lessons, points, side) for side in LANGUAGES})}
    for lesson in lessons:
        name, worth = lesson.ref.id, points[lesson.ref.id]
        sides = {side: student_notebook(course, lesson, side, worth, version, address) for side in LANGUAGES}
        found[f"notebooks/{name}/{name}.ipynb"] = gathered(sides)
    return found


def _texts(course: Course) -> dict[str, dict[str, str]]:
    """The other files that depend on the language, in each of them."""
    from grader import student_files
    from grader.start_page import readme

    return {
        "README.md": {side: readme(side) for side in LANGUAGES},
        "requirements.txt": {side: student_files.requirements(course.root, side) for side in LANGUAGES},
        "environment.yml": {side: student_files.environment(course.root, side) for side in LANGUAGES},
    }


def student_notebook(
    course: Course,
    lesson: Lesson,
    language: str,
    points: dict[str, float] | None = None,
    version: str = "",
    address: str = "",
) -> Any:
    """The notebook that students get: stubs, no outputs, locked checks, nbgrader's checksums."""
    from nbgrader.preprocessors import CheckCellMetadata, LockCells

    from grader.first_cell import with_first_cell
    from grader.notebook import to_notebook
    from grader.released import as_released
    from grader.staleness import made_from

    notebook = with_first_cell(as_released(to_notebook(lesson, language, points)), language, address)
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
    changed = [
        name
        for name, digest in former.items()
        if (out / name).is_file() and digest_of((out / name).read_bytes()) != digest
    ]
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
    for where, source in _released_texts(bundle, lesson):
        for line in map(str.strip, source.splitlines()):
            if line in secret and line not in public:
                raise ReleaseError(f"{lesson.ref.id}: cell {where} holds a line of the solution {secret[line]!r}")


def _released_texts(bundle: Bundle, lesson: Lesson) -> Iterator[tuple[str, str]]:
    """Every text of a lesson that is in its bundle, with its cell: of the notebook, and of all languages."""
    from course_lib.updating import bundles, given

    name = f"notebooks/{lesson.ref.id}/{lesson.ref.id}.ipynb"
    for cell in json.loads(bundle[name])["cells"]:
        yield cell["id"], "".join(cell["source"])
    for one in given.read(bundle[bundles.record_of(name)]).cells:
        for text in one.texts.values():
            yield one.id, text


def _manifest(
    bundle: Bundle,
    language: str,
    version: str,
    lessons: list[Lesson],
    points: dict[str, dict[str, float]],
    address: str,
) -> bytes:
    """course.json. ``contents`` is what a student's progress is counted by: course_lib.progress; ``address`` is there
    where the zip has one."""
    from course_lib.updating.bundles import manifest_bytes

    data = {
        "schema_version": 1,
        "language": language,
        "version": version,
        **({"address": address} if address else {}),
        "lessons": [lesson.ref.id for lesson in lessons],
        "contents": [
            {
                "id": lesson.ref.id,
                "title": {side: lesson.title(side) for side in ("en", "zh")},
                "points": {f"{lesson.ref.slug}.{name}": worth for name, worth in points[lesson.ref.id].items()},
            }
            for lesson in lessons
        ],
        "files": {name: digest_of(bundle[name]) for name in sorted(bundle)},
    }
    return manifest_bytes(data)


def _notebook_bytes(notebook: dict[str, Any]) -> bytes:
    import nbformat

    from course_lib.updating.opened import as_bytes

    nbformat.validate(nbformat.from_dict(notebook))
    return as_bytes(notebook)
