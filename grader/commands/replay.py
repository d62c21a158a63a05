"""``grader replay``: comes to a mark a second time."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("out", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("students", nargs=-1)
@click.option("--lesson", help="Only this lesson: its id, slug or number.")
@click.option("--isolation", type=click.Choice(["bubblewrap", "none"]), default="bubblewrap", show_default=True)
def command(out: Path, students: tuple[str, ...], lesson: str | None, isolation: str) -> None:
    """Grade STUDENTS (all of them by default) in OUT, a folder that `grader grade` wrote, once more, and compare.

    Each submission runs with the seed, the exercises and the bytes that its receipt names; nothing is written. The exit
    status is 0 when every mark came out the same, 1 when one did not or could not be tried.
    """
    from grader.quick_start import import_nbformat

    import_nbformat()
    from rich.console import Console
    from rich.markup import escape

    from grader.course import CourseError, find_course
    from grader.engine import SandboxUnavailable
    from grader.receipts import ReceiptError
    from grader.replay import replay

    console = Console()
    signs = {"same": "[green]✓[/]", "different": "[dark_orange]✗[/]", "impossible": "[cyan]○[/]"}
    counts = dict.fromkeys(signs, 0)
    try:
        for one in replay(out, find_course(), students, lesson, isolation):
            counts[one.verdict] += 1
            console.print(f"{signs[one.verdict]} {escape(one.student)} · {one.lesson} · {one.score:g}", soft_wrap=True)
            for why in one.why:
                console.print(f"    {escape(why.en)} / {escape(why.zh)}", soft_wrap=True)
    except (CourseError, ReceiptError, SandboxUnavailable, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from None
    console.print(
        f"{counts['same']} the same, {counts['different']} different, {counts['impossible']} could not be tried / "
        f"一致 {counts['same']} 份，不一致 {counts['different']} 份，无法重现 {counts['impossible']} 份"
    )
    sys.exit(0 if counts["same"] == sum(counts.values()) else 1)
