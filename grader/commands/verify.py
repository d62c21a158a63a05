"""``grader verify``: the kill matrix, and the run on the simulated device."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import TYPE_CHECKING

import click

from grader.devices import DEVICES

if TYPE_CHECKING:
    from grader.mutation import MutationProof
    from grader.verify import ExerciseProof


@click.command()
@click.argument("lessons", nargs=-1)
@click.option("--seeds", default=20, show_default=True, help="How many draws of the hidden cases to try.")
@click.option("--mutants", is_flag=True, help="Also try automatic mutants of each reference: 95 % must be noticed.")
@click.option("--sample", type=click.IntRange(min=1), help="So many mutants of each exercise, not all of them.")
@click.option("--portability", is_flag=True, help="Only the runs on other devices: seconds instead of minutes.")
@click.option(
    "--device",
    type=click.Choice(DEVICES),
    default="auto",
    show_default=True,
    help="Other devices to prove: `auto` the simulated one and every accelerator that there is, `cuda` the same and at "
    "least one, `simulated` that one alone, `cpu` none.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the proof as JSON.")
def command(
    lessons: tuple[str, ...],
    seeds: int,
    mutants: bool,
    sample: int | None,
    portability: bool,
    device: str,
    as_json: bool,
) -> None:
    """Prove that right answers pass and that every named wrong answer fails with its own hint.

    Where the device matters, all right answers also run on a simulated accelerator with real numbers, which every
    machine has, and must give the values of the CPU there; every named device mistake (a tensor made without device=,
    an array, a result left on the CPU) passes on the CPU and must be caught there. --portability runs this part alone.
    With an accelerator the same is done there: each right answer must agree, case by case, with the solution on the
    same device and with the solution in float64 on the CPU.

    LESSONS are numbers or slugs ("1", "numpy_backprop"); all of them when none is named. Exit status 1 unless the
    matrix is perfect and, with --mutants, at least 95 % of each lesson's mutants are killed.
    """
    from rich.console import Console

    from grader.course import CourseError, find_course
    from grader.elsewhere import place_of
    from grader.engine.accelerators import AcceleratorError, accelerators_for
    from grader.lesson import LessonError, read_lesson
    from grader.mutation import LEAST, mutate_lesson, share
    from grader.verify import Devices, ExerciseError, verify_lesson, verify_portability

    if portability and (mutants or sample):
        raise click.UsageError("--portability is the runs on other devices alone; leave --mutants out")
    if portability and device == "cpu":
        raise click.UsageError("--portability has nothing to do with --device cpu")

    try:
        refs = find_course().select(lessons)
        devices = Devices(device != "cpu", tuple(map(place_of, accelerators_for(device))))
    except (AcceleratorError, CourseError) as error:
        raise click.ClickException(str(error)) from None
    console = Console(stderr=True)
    proofs, mutations, started = [], {}, time.perf_counter()
    with console.status("…") as status:
        for ref in refs:
            try:
                lesson = read_lesson(ref.source)
                if portability:
                    proofs += verify_portability(lesson, status.update, devices)
                    continue
                proofs += verify_lesson(lesson, seeds, status.update, devices)
                if mutants or sample:
                    mutations[ref.id] = mutate_lesson(lesson, sample, status.update)
            except (ExerciseError, LessonError, OSError) as error:
                raise click.ClickException(str(error)) from None
    perfect = bool(proofs) and all(proof.perfect for proof in proofs)
    bites = all(share(several) >= LEAST and not any(p.stale for p in several) for several in mutations.values())
    if as_json:
        records = [{**dataclasses.asdict(proof), "perfect": proof.perfect} for proof in proofs]
        record = {"schema_version": 1, "perfect": perfect, "exercises": records}
        if mutations:
            record["mutants"] = {
                lesson_id: {"killed": float(share(several)), "exercises": [dataclasses.asdict(p) for p in several]}
                for lesson_id, several in mutations.items()
            }
        click.echo(json.dumps(record, ensure_ascii=False))
    else:
        _print_there(proofs)
        _print(proofs, perfect, time.perf_counter() - started, portability)
        if mutations:
            _print_mutants(mutations, float(LEAST))
    if not (perfect and bites):
        raise SystemExit(1)


def _print_mutants(mutations: dict[str, list[MutationProof]], least: float) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from grader.mutation import share

    table = Table(
        title="Automatic mutants",
        caption="killed: of those that differ from the reference in anything; equal: the others, each with its reason",
    )
    table.add_column("", no_wrap=True)
    for head in ("killed", "equal", "explained", "open"):
        table.add_column(head, justify="right", no_wrap=True)
    for lesson_id, several in mutations.items():
        for proof in several:
            counts = proof.equivalent, proof.explained, len(proof.unknown)
            table.add_row(proof.key, f"{proof.killed} of {proof.counted}", *map(str, counts))
        killed, counted = sum(p.killed for p in several), sum(p.counted for p in several)
        colour = "green" if share(several) >= least else "red"
        words = f"{killed} of {counted}, [{colour}]{float(share(several)):.1%}[/]"
        table.add_row(f"[bold]{lesson_id}[/]", words, "", "", "", end_section=True)
    console = Console()
    console.print(table)
    for proof in (p for several in mutations.values() for p in several):
        for name in proof.unknown:
            console.print("[yellow]survives[/]", f"{proof.key}:", Text(name), highlight=False)
        for name in proof.stale:
            console.print("[red]✗[/]", f"{proof.key}: no survivor fits this explanation:", Text(name), highlight=False)


def _print_there(proofs: list[ExerciseProof]) -> None:
    """What the accelerators of this machine gave; nothing where there is none."""
    from rich.console import Console
    from rich.table import Table

    for device in dict.fromkeys(there.device for proof in proofs for there in proof.there):
        caption = (
            "agree: right answers and cases that give what the solution gives here and in float64 on the CPU; float64: "
            "properties that it vouches for; ms: all cases of the solution"
        )
        table = Table(title=f"On {device}", caption=caption)
        table.add_column("exercise", no_wrap=True)
        for head in ("agree", "mistakes", "float64", "CPU ms", "device ms"):
            table.add_column(head, justify="right", no_wrap=True)
        for key, one in ((p.key, t) for p in proofs for t in p.there if t.device == device):
            table.add_row(
                key,
                f"{one.agree}/{one.answers * one.cases}",
                f"{one.caught}/{one.mistakes}",
                f"{one.truths}/{one.properties}",
                f"{1000 * one.seconds_here:.0f}",
                f"{1000 * one.seconds_there:.0f}",
            )
        Console().print(table)


def _print(proofs: list[ExerciseProof], perfect: bool, seconds: float, portability: bool) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    caption = "wrong: rejected with their own hint; right: accepted; device: mistakes caught on the simulated device"
    table = Table(title="Portability" if portability else "Kill matrix", caption=caption)
    table.add_column("exercise", no_wrap=True)
    heads = ("device", "cases", "") if portability else ("wrong", "right", "device", "cases", "seeds", "")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for proof in proofs:
        cells = {
            "wrong": f"{proof.wrong_killed}/{proof.wrong}",
            "right": f"{proof.right_passed}/{proof.right}",
            "device": f"{proof.device_caught}/{proof.device}" if proof.device else "–",
            "cases": str(proof.cases),
            "seeds": str(proof.seeds),
            "": "[green]✓[/]" if proof.perfect else "[red]✗[/]",
        }
        table.add_row(proof.key, *(cells[head] for head in heads))
    console = Console()
    console.print(table)
    for finding in (f for proof in proofs for f in proof.findings):
        console.print(
            f"[red]✗[/] {finding.exercise} {finding.code} [bold]{finding.subject}[/]: {escape(finding.detail)}",
            highlight=False,
        )
    console.print(f"{'perfect' if perfect else 'NOT perfect'}, {seconds:.1f} s")
