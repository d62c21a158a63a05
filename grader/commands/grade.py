"""``grader grade``: grades a class."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import click

from grader.devices import DEVICES, SIMULATED


@click.command()
@click.argument("submissions", type=click.Path(exists=True, path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where everything goes.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    help="Submissions at once.  [default: one per processor core; on a cluster two per thread of its workers]",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Grade on a Dask cluster: tcp://HOST:8786, or the path of a scheduler file. Needs the extra `cluster`.",
)
@click.option(
    "--device",
    type=click.Choice(DEVICES),
    default="auto",
    show_default=True,
    help="Where right answers are tried once more, for advice: `auto` on an accelerator if there is one, `cuda` on one "
    "or not at all, `simulated` without one, `cpu` nowhere. Scores are the CPU's with all of them.",
)
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
    "--due",
    metavar="TIME",
    help="When the lesson was due, as 2026-10-01T23:59+08:00.  [default: what formgrader or an earlier run set]",
)
@click.option(
    "--isolation",
    type=click.Choice(["bubblewrap", "none"]),
    default="bubblewrap",
    show_default=True,
    help="`none` runs student code unprotected: only for code that you trust.",
)
@click.option(
    "--gradebook",
    metavar="URL",
    help="The gradebook's database for a new OUT, as postgresql+psycopg://USER@HOST/DATABASE; the password belongs in "
    "~/.pgpass or PGPASSWORD.  [default: what OUT/nbgrader_config.py says, else OUT/gradebook.db]",
)
@click.option("--seed", type=int, help="Seed of the hidden cases.  [default: the batch's own, drawn at its start]")
@click.option(
    "--dry-run", is_flag=True, help="Grade, say who would change and by how much, and write nothing into OUT."
)
@click.option("--json", "as_data", is_flag=True, help="With --dry-run: say it as JSON.")
@click.option("--force", is_flag=True, help="Grade again what has not changed, with new hidden cases.")
def command(
    submissions: Path,
    out: Path,
    jobs: int | None,
    scheduler: str | None,
    device: str,
    assignment: Path | None,
    roster: Path | None,
    lesson: str | None,
    due: str | None,
    isolation: str,
    gradebook: str | None,
    seed: int | None,
    dry_run: bool,
    as_data: bool,
    force: bool,
) -> None:
    """Grade SUBMISSIONS: nbgrader's submitted/ tree, or a folder or zip of downloads.

    OUT becomes an nbgrader course with gradebook.db, autograded/ and feedback/, and gets grades.csv, report/ and
    receipts/. What has not changed since the last run is skipped. What being late costs is worked out anew each time,
    by the plugin that OUT/nbgrader_config.py names. Scores that a regrade changed are listed, and kept in history/;
    --dry-run lists them before anything is written. The exit status is 0 when every submission got a verdict, whatever
    the verdict. With --assignment it also gets differences.csv: each cell to which nbgrader itself would have given
    other points, and why.

    With --scheduler the sandboxes are on the workers of a Dask cluster; everything is still kept by this process. A
    worker whose versions differ is refused by name; one that is lost costs time, never a verdict.
    """
    from grader.quick_start import import_nbformat

    import_nbformat()  # before anything else imports it
    from course_lib.text import TextError
    from grader.assignment.run import grade_assignment
    from grader.assignment.source import AssignmentError, read_assignment
    from grader.batch import Options, grade_class
    from grader.course import CourseError, find_course
    from grader.engine import SandboxUnavailable
    from grader.lateness import read_due
    from grader.moved import print_rehearsal
    from grader.progress import bar, print_outcome
    from grader.rehearsal import as_json, rehearse
    from grader.roster import nearest_roster, read_roster
    from grader.whereabouts import PASSWORD_USED, holds_password, read_url

    if assignment is not None and device in ("cuda", SIMULATED):
        raise click.UsageError(
            "--device is for lessons: an assignment's tests run where they say. | "
            "--device 只用于课程：--assignment 的测试在哪里运行由它们自己决定。"
        )
    if as_data and not dry_run:
        raise click.UsageError("--json goes with --dry-run. | --json 要与 --dry-run 一起使用。")
    if dry_run and assignment is not None:
        raise click.UsageError(
            "--dry-run is for lessons, not for --assignment. | --dry-run 只用于课程，不能与 --assignment 一起使用。"
        )
    try:
        place = submissions.resolve()
        course = find_course() if assignment is None else None
        beside = [place, place.parent, *([course.root] if course is not None else [])]
        list_ = roster or nearest_roster(beside)
        people = read_roster(list_) if list_ is not None else None
        options = Options(jobs or os.cpu_count() or 1, isolation, device, lesson, seed, force, roster=people)
        if due is not None:
            options = replace(options, due=read_due(due))
        if gradebook is not None:
            options = replace(options, gradebook=read_url(gradebook, out))
            if holds_password(gradebook):
                click.echo(PASSWORD_USED.say("both"), err=True)
        with bar() as progress, ExitStack() as stack:
            if scheduler is not None:
                from grader.cluster.pool import Cluster

                cluster = Cluster(scheduler, course, isolation, jobs)
                options = replace(options, cluster=stack.enter_context(cluster))
            if course is not None and dry_run:
                outcome = rehearse(submissions, out, course, options, progress)
            elif course is not None:
                outcome = grade_class(submissions, out, course, options, progress)
            elif assignment is not None:
                outcome = grade_assignment(submissions, out, read_assignment(assignment), options, progress)
    except (TextError, AssignmentError, CourseError, SandboxUnavailable, FileNotFoundError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    if as_data:
        click.echo(json.dumps(as_json(outcome), ensure_ascii=False, indent=1))
    elif dry_run:
        print_rehearsal(outcome)
    else:
        print_outcome(outcome, out)
    sys.exit(0 if outcome.complete else 1)
