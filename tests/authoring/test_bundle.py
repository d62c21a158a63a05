"""The bundle of every real lesson: what must not be in it, and that it works with nothing but itself."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import nbformat
import pytest

from grader.course import Course
from grader.lesson import Lesson, read_lesson
from grader.reference import BEGIN, END, load_exercises
from grader.release import compose, write
from grader.spec import Exercise
from tests.authoring.tiny import ROOT

COURSE = Course(ROOT)
LESSONS = [ref.id for ref in COURSE.lessons()]


@cache
def lesson(name: str) -> Lesson:
    return read_lesson(COURSE.lesson(name).source)


@cache
def bundle(name: str, language: str) -> dict[str, bytes]:
    return compose(COURSE, [lesson(name)], language)


def lines(text: str) -> set[str]:
    """Lines that are long enough to be nobody else's."""
    return {line.strip() for line in text.splitlines() if len(line.strip()) >= 15}


def solution_lines(name: str) -> set[str]:
    found: set[str] = set()
    for cell in lesson(name).cells:
        if "solution" in cell.tags:
            found |= lines(cell.source.partition(BEGIN)[2].partition(END)[0])
    return found


def wrong_lines(exercise: Exercise) -> Iterator[str]:
    for wrong in (*exercise.wrong, *exercise.device_wrong):
        yield from lines(wrong.source or "")
        for old, new in wrong.edits:
            yield from lines(new) - lines(old)


def public_text(name: str) -> str:
    """What students may read: cells without solutions, and the probes."""
    found: list[str] = []
    for cell in lesson(name).cells:
        before, _, rest = cell.source.partition(BEGIN)
        found += before, rest.partition(END)[2]
    found += (inspect.getsource(exercise.probe) for exercise in load_exercises(lesson(name)).values())
    return "\n".join(found)


def hint_words(exercise: Exercise) -> str:
    """A hint may quote the line that it is about: who gets to see it wrote that line."""
    hints = [exercise.fallback, *(wrong.hint for wrong in (*exercise.wrong, *exercise.device_wrong))]
    return "\n".join(
        words for hint in hints for text in (hint.question, hint.neighbour) for words in (text.en, text.zh)
    )


@pytest.mark.parametrize("language", ["en", "zh", "both"])
@pytest.mark.parametrize("name", LESSONS)
def test_nothing_secret_is_in_the_bundle(name: str, language: str) -> None:
    secret = solution_lines(name)
    assert secret
    for exercise in load_exercises(lesson(name)).values():
        said = hint_words(exercise)
        secret |= {line for line in wrong_lines(exercise) if line not in said}
        secret |= lines(inspect.getsource(exercise.hidden))
    known = public_text(name)
    secret = {line for line in secret if line not in known}
    assert len(secret) > 20
    everything = {
        # JSON doubles backslashes and escapes quotes.
        path: content.decode("utf-8", errors="replace").replace('\\"', '"').replace("\\\\", "\\")
        for path, content in bundle(name, language).items()
        if path.startswith(
            ("notebooks/", "course_lib/packs/", "course_lib/released/")
        )  # the library itself is for everybody to read
    }
    leaks = [(path, line) for path, text in everything.items() for line in sorted(secret) if line in text]
    assert leaks == []
    assert not any(path.startswith(("grader", "tests")) for path in bundle(name, language))


@pytest.mark.parametrize("name", LESSONS)
def test_checksums_do_not_tell_the_languages_apart(name: str) -> None:
    checksums = []
    for language in ("en", "zh", "both"):
        path = f"notebooks/{name}/{name}.ipynb"
        notebook = nbformat.reads(bundle(name, language)[path].decode(), as_version=4)
        graded = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
        checksums.append({marks.grade_id: marks.checksum for marks in graded})
    assert checksums[0] == checksums[1] == checksums[2] != {}


@pytest.mark.parametrize("variant", [0, 1])
@pytest.mark.parametrize("name", LESSONS)
def test_checks_pass_right_answers_with_the_bundle_alone(name: str, variant: int, tmp_path: Path) -> None:
    """In a process that has the bundle's course_lib and third-party packages, and no grader."""
    write(bundle(name, "zh"), tmp_path)
    notebook = nbformat.read(tmp_path / "notebooks" / name / f"{name}.ipynb", as_version=4)
    exercises = load_exercises(lesson(name))
    script = [
        "import importlib.util",
        "assert importlib.util.find_spec('grader') is None, 'the grader can be seen'",
    ]
    for cell in notebook.cells:
        if cell.id in exercises:
            script.append(exercises[cell.id].right[variant].source)
        elif "setup" in cell.metadata.get("tags", []):
            script.append(cell.source)
    keys = [f"{lesson(name).ref.slug}.{exercise}" for exercise in exercises]
    script += ["from course_lib import check", "import course_lib, json"]
    script.append(f"verdicts = {{key: check(key).result.verdict for key in {keys!r}}}")
    script.append("print(json.dumps([course_lib.__file__, verdicts]))")
    path = tmp_path / "notebooks" / name / "answers.py"
    path.write_text("\n\n".join(script), encoding="utf-8")
    # Without site (-S) no editable install is seen; the packages are named by hand.
    environment = {k: v for k, v in os.environ.items() if k not in ("COURSE_LANG", "GRADER_COURSE")}
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), sysconfig.get_path("platlib")])
    done = subprocess.run(
        [sys.executable, "-S", path.name], cwd=path.parent, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    library, verdicts = json.loads(done.stdout.splitlines()[-1])
    assert Path(library).is_relative_to(tmp_path.resolve())
    assert verdicts == dict.fromkeys(keys, "pass")


def test_there_is_a_real_lesson() -> None:
    assert LESSONS, "notebooks/ holds no lesson"
