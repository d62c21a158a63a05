"""``grader verify``: the kill matrix."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.verify import ExerciseProof


@click.command()
@click.argument("lessons", nargs=-1)
@click.option("--seeds", default=20, show_default=True, help="How many draws of the hidden cases to try.")
@click.option("--json", "as_json", is_flag=True, help="Print the proof as JSON.")
def command(lessons: tuple[str, ...], seeds: int, as_json: bool) -> None:
    """Prove that right answers pass and that every named wrong answer fails with its own hint.

    LESSONS are numbers or slugs ("1", "numpy_backprop"); all of them when none is named. Exit status 1 unless the
    matrix is perfect.
    """
    from rich.console import Console

    from grader.course import find_course
    from grader.lesson import read_lesson
    from grader.verify import ExerciseError, verify_lesson

    course = find_course()
    console = Console(stderr=True)
    proofs, started = [], time.perf_counter()
    with console.status("…") as status:
        for ref in course.select(lessons):
            try:
                proofs += verify_lesson(read_lesson(ref.source), seeds, status.update)
            except ExerciseError as error:
                raise click.ClickException(str(error)) from None
    perfect = bool(proofs) and all(proof.perfect for proof in proofs)
    if as_json:
        records = [{**dataclasses.asdict(proof), "perfect": proof.perfect} for proof in proofs]
        click.echo(json.dumps({"schema_version": 1, "perfect": perfect, "exercises": records}, ensure_ascii=False))
    else:
        _print(proofs, perfect, time.perf_counter() - started)
    if not perfect:
        raise SystemExit(1)


def _print(proofs: list[ExerciseProof], perfect: bool, seconds: float) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Kill matrix", caption="wrong: rejected with their own hint; right: accepted")
    table.add_column("exercise", no_wrap=True)
    for head in ("wrong", "right", "cases", "seeds", ""):
        table.add_column(head, justify="right", no_wrap=True)
    for proof in proofs:
        table.add_row(
            proof.key,
            f"{proof.wrong_killed} of {proof.wrong}",
            f"{proof.right_passed} of {proof.right}",
            str(proof.cases),
            str(proof.seeds),
            "[green]✓ perfect[/]" if proof.perfect else "[red]✗[/]",
        )
    console = Console()
    console.print(table)
    for finding in (f for proof in proofs for f in proof.findings):
        console.print(
            f"[red]✗[/] {finding.exercise} {finding.code} [bold]{finding.subject}[/]: {finding.detail}", highlight=False
        )
    console.print(f"{'perfect' if perfect else 'NOT perfect'}, {seconds:.1f} s")
