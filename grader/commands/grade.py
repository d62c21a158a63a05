"""``grader grade``: grades a class."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click


@click.command()
@click.argument("submissions", type=click.Path(exists=True, path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where everything goes.")
@click.option("--jobs", type=click.IntRange(1, 256), help="Submissions at once.  [default: one per processor core]")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option(
    "--assignment",
    type=click.Path(exists=True, path_type=Path),
    help="Grade any nbgrader assignment instead of a lesson: its source notebook, or its folder in source/.",
)
@click.option(
    "--roster",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Who is in the class, as CSV.  [default: students.csv with or beside the submissions, else in the course]",
)
@click.option("--lesson", help="Only this lesson: its id, slug or number.")
@click.option(
    "--isolation",
    type=click.Choice(["bubblewrap", "none"]),
    default="bubblewrap",
    show_default=True,
    help="`none` runs student code unprotected: only for code that you trust.",
)
@click.option("--seed", type=int, help="Seed of the hidden cases.  [default: the batch's own, drawn at its start]")
@click.option("--force", is_flag=True, help="Grade again what has not changed, with new hidden cases.")
def command(
    submissions: Path,
    out: Path,
    jobs: int | None,
    device: str,
    assignment: Path | None,
    roster: Path | None,
    lesson: str | None,
    isolation: str,
    seed: int | None,
    force: bool,
) -> None:
    """Grade SUBMISSIONS: nbgrader's submitted/ tree, or a folder or zip of downloads.

    OUT becomes an nbgrader course with gradebook.db, autograded/ and feedback/, and gets grades.csv, report/ and
    receipts/. What has not changed since the last run is skipped. The exit status is 0 when every submission got a
    verdict, whatever the verdict. With --assignment it also gets differences.csv: each cell to which nbgrader itself
    would have given other points, and why.
    """
    from grader.quick_start import import_nbformat

    import_nbformat()  # before anything else imports it
    from grader.assignment.run import grade_assignment
    from grader.assignment.source import AssignmentError, read_assignment
    from grader.batch import Options, grade_class
    from grader.course import CourseError, find_course
    from grader.engine import SandboxUnavailable
    from grader.gradebook import GradebookError
    from grader.progress import bar, print_outcome
    from grader.roster import nearest_roster, read_roster

    if device == "cuda":
        raise click.ClickException(
            "Grading on an accelerator is not available yet: use --device auto or cpu. | "
            "暂不支持在加速器上评分：请使用 --device auto 或 cpu。"
        )
    try:
        place = submissions.resolve()
        course = find_course() if assignment is None else None
        beside = [place, place.parent, *([course.root] if course is not None else [])]
        list_ = roster or nearest_roster(beside)
        people = read_roster(list_) if list_ is not None else None
        options = Options(jobs or os.cpu_count() or 1, isolation, "cpu", lesson, seed, force, roster=people)
        with bar() as progress:
            if course is not None:
                outcome = grade_class(submissions, out, course, options, progress)
            elif assignment is not None:
                outcome = grade_assignment(submissions, out, read_assignment(assignment), options, progress)
    except (AssignmentError, CourseError, GradebookError, SandboxUnavailable, FileNotFoundError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    print_outcome(outcome, out)
    sys.exit(0 if outcome.complete else 1)
