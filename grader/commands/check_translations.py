"""``grader check-translations``: do both languages say the same?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.translations import Problem


@click.command()
@click.argument("lessons", nargs=-1, metavar="[LESSON]...")
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="CELL",
    help="Record that the Chinese cell CELL was reviewed against the English of today.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
def command(lessons: tuple[str, ...], accepted: tuple[str, ...], as_json: bool) -> None:
    """Check the translations of LESSONs (all of them by default).

    Compares each pair of cells: headings, formulas, code, links, numbers, lists; the review's hash; the glossary's
    terms; Chinese typography; comments and Texts in the code. Without LESSON, every Text of course_lib and the grader
    too.

    Exit status: 0 when all is well, 1 where there are problems, 2 where a lesson cannot be read.
    """
    from grader.course import CourseError, find_course
    from grader.glossary import GlossaryError, read_glossary
    from grader.lesson import LessonError, read_lesson
    from grader.translations import check_lesson, check_texts

    try:
        course = find_course()
        refs = course.select(lessons)
        for name in accepted:
            _accept([ref.source for ref in refs], name)
        terms = read_glossary(course.root / "notebooks" / "glossary.yml")
        problems: list[Problem] = []
        for ref in refs:
            problems += check_lesson(read_lesson(ref.source), terms)
        folders = [course.root / "grader" / "exercises" / ref.slug for ref in refs]
        if not lessons:
            folders = [course.root / "course_lib", course.root / "grader"]
        for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
            # No strings: an exercise's wrong answers are code in strings, and a table of words may be Chinese alone.
            file = path.relative_to(course.root).as_posix()
            problems += check_texts(path.read_text(encoding="utf-8"), terms, file, "texts", strings=False)
    except (CourseError, GlossaryError, LessonError) as error:
        click.echo(f"grader check-translations: {error}", err=True)
        sys.exit(2)
    _report(problems, [ref.id for ref in refs], as_json)
    sys.exit(1 if problems else 0)


def _accept(sources: list[Path], name: str) -> None:
    """Accepts a cell in the one lesson that has it."""
    from grader.lesson import LessonError, read_lesson
    from grader.translations import accept

    having = [path for path in sources if read_lesson(path).pair(name)]
    if len(having) != 1:
        found = ", ".join(path.stem for path in having) or "no lesson"
        raise LessonError(f"--accept {name}: {found} has such a cell; name the one lesson that is meant")
    changed = accept(having[0], name)
    click.echo(f"{having[0].name}: cell {name!r} {'is now marked as reviewed' if changed else 'was reviewed already'}")


def _report(problems: list[Problem], lessons: list[str], as_json: bool) -> None:
    if as_json:
        import json

        click.echo(json.dumps([problem.as_dict() for problem in problems], ensure_ascii=False, indent=1))
        return
    for problem in problems:
        click.echo(str(problem))
    count = f"{len(problems)} problem{'' if len(problems) == 1 else 's'}" if problems else "both languages agree"
    click.echo(f"{', '.join(lessons) or 'no lessons'}: {count}")
