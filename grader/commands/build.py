"""``grader build``: lesson.py → lesson.ipynb."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.course import Course, LessonRef


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option("--check", is_flag=True, help="Build nothing; fail where a notebook is out of date, naming what changed.")
@click.option("--force", is_flag=True, help="Build even what is up to date.")
def command(lessons: tuple[str, ...], check: bool, force: bool) -> None:
    """Build the notebooks of LESSONs (all of them by default): check packs, cells, outputs.

    A LESSON is an id, a slug or a number: 01_numpy_backprop, numpy_backprop, 1. What has not changed is left alone.

    Exit status: 0 when all notebooks are up to date, 1 where one is not (--check) or a cell failed, 2 where a lesson
    cannot be read.
    """
    from grader.course import CourseError, find_course
    from grader.lesson import LessonError
    from grader.staleness import staleness

    failed = False
    try:
        course = find_course()
        for ref in course.select(lessons):
            reasons = ["--force"] if force else staleness(course, ref)
            if not reasons:
                click.echo(f"{ref.id}: up to date")
            elif check:
                failed = True
                click.echo(f"{ref.id}: {'; '.join(reasons)}; run: grader build {ref.slug}")
            else:
                failed |= not _build(course, ref)
    except (CourseError, LessonError) as error:
        click.echo(f"grader build: {error}", err=True)
        sys.exit(2)
    sys.exit(1 if failed else 0)


def _build(course: Course, ref: LessonRef) -> bool:
    """Builds with a progress bar; returns whether it worked."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from grader.build import BuildError, build_lesson
    from grader.lesson import read_lesson
    from grader.reference import ExerciseError

    lesson = read_lesson(ref.source)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(ref.id, total=None)
            build_lesson(
                course,
                lesson,
                lambda what, done, total: bar.update(
                    task, description=f"{ref.id}: {what}", completed=done, total=total
                ),
            )
    except (BuildError, ExerciseError) as error:
        click.echo(f"grader build: {error}", err=True)
        return False
    click.echo(f"{ref.id}: built")
    return True
