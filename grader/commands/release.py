"""``grader release``: the student bundle."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.course import Course
    from grader.lesson import Lesson


@click.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--lang", "language", type=click.Choice(["en", "zh", "both"]), default="both", show_default=True)
@click.option("--address", default="", metavar="URL", help="Where students on Colab find the zip of OUT.")
@click.option("--force", is_flag=True, help="Overwrite files of a former release even where they were changed.")
def command(out: Path, lessons: tuple[str, ...], language: str, address: str, force: bool) -> None:
    """Write the student bundle of LESSONs (all of them by default) into the folder OUT.

    OUT must be new, empty or a former release. The bundle holds notebooks without solutions, course_lib with the
    check packs, the environment, a start page and the licences. On Colab a notebook takes the rest of the bundle from
    URL, or asks the student for the zip file.

    Exit status: 0 when it was written, 1 where a lesson is not ready or OUT cannot be used, 2 where a lesson cannot
    be read.
    """
    from rich.console import Console

    from grader.course import CourseError, find_course
    from grader.first_cell import ADDRESS
    from grader.lesson import LessonError, read_lesson
    from grader.reference import ExerciseError
    from grader.release import ReleaseError, compose, write

    if address and not ADDRESS.fullmatch(address):
        raise click.BadParameter(f"{address!r} is no web address", param_hint="--address")
    console = Console(stderr=True)
    try:
        course = find_course()
        read = [read_lesson(ref.source) for ref in course.select(lessons)]
    except (CourseError, LessonError) as error:
        click.echo(f"grader release: {error}", err=True)
        sys.exit(2)
    try:
        with console.status("release: are the lessons ready?") as status:
            for lesson in read:
                _refuse_unready(course, lesson)
            status.update(f"release: {len(read)} lessons, {language}")
            bundle = compose(course, read, language, address)
            status.update(f"release: {len(bundle)} files")
            write(bundle, out, force)
    except (ReleaseError, LessonError, ExerciseError) as error:
        click.echo(f"grader release: {error}", err=True)
        sys.exit(1)
    click.echo(f"{out}: {len(read)} lesson{'s' * (len(read) != 1)} ({language}), {len(bundle)} files")


def _refuse_unready(course: Course, lesson: Lesson) -> None:
    """Raises ReleaseError where a notebook is stale (its packs would be, too) or prose lacks a language."""
    from grader.release import ReleaseError
    from grader.staleness import staleness
    from grader.translations import check_lesson

    reasons = staleness(course, lesson.ref)
    if reasons:
        raise ReleaseError(f"{lesson.ref.id}: {'; '.join(reasons)}; run: grader build {lesson.ref.slug}")
    missing = [str(problem) for problem in check_lesson(lesson) if problem.kind == "pair"]
    if missing:
        raise ReleaseError("\n".join(missing))
