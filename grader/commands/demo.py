"""``grader demo``: everything once, on a class made for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click


@click.command()
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option("--jobs", type=click.IntRange(1, 64), help="Submissions at once.  [default: one per processor core]")
def command(out: Path, jobs: int | None) -> None:
    """Release lesson 01, grade a sample class of it into OUT, and compare with what each sample deserves.

    The exit status is 1 where a score differs.
    """
    from grader.course import find_course
    from grader.demo import DemoError, demo
    from grader.progress import bar, print_demo

    try:
        with bar() as progress:
            done = demo(out, find_course(), jobs or os.cpu_count() or 1, progress)
    except DemoError as error:
        raise click.ClickException(str(error)) from None
    print_demo(done, out)
    sys.exit(1 if done.differences or not done.outcome.complete else 0)
