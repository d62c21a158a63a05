"""What ``grader grade`` and ``grader demo`` show in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from course_lib.text import Text
from grader.batch import Outcome
from grader.batch import Progress as Report
from grader.demo import Demo
from grader.lateness import in_words
from grader.moved import changes_table

if TYPE_CHECKING:
    from grader.returning import Returned

_SIGNS = {"pass": "✓", "fail": "✗", "not_run": "○", "grader_error": "!"}
_COLOURS = {"pass": "green", "fail": "dark_orange", "not_run": "cyan", "grader_error": "magenta"}


@contextmanager
def bar(title: str = "Grading / 评分") -> Iterator[Report]:
    """A progress bar; one that is silent where nobody looks."""
    console = Console(stderr=True)
    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[student]}"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None, student="")

        def report(done: int, total: int, student: str) -> None:
            progress.update(task, completed=done, total=total, student=escape(student))

        yield report


def print_outcome(outcome: Outcome, out: Path) -> None:
    """The table of scores, if any is new, then what needs attention, then where things are."""
    console = Console()
    # Where nothing was graded the scores were shown before: hundreds of lines would bury the one that says so.
    for lesson in sorted({receipt.lesson for receipt in outcome.receipts} if outcome.graded else ()):
        console.print(_table(lesson, outcome))
    for failure in outcome.failures:
        console.print(
            f"[magenta]! {escape(failure.student)}[/]: grader error / 评分程序出错: {escape(failure.message)}"
        )
    for receipt in outcome.receipts:
        if receipt.problem:
            console.print(f"[cyan]○ {escape(receipt.student)}[/]: {escape(receipt.problem['en'])}")
            console.print(f"  {escape(receipt.problem['zh'])}")
    for name, why in outcome.collected.refused:
        console.print(f"[dark_orange]✗ {escape(name)}[/]: {escape(why.en)} / {escape(why.zh)}")
    if (roster := outcome.collected.roster) is not None:
        console.print(f"{len(roster)} students on the roster / 名单共 {len(roster)} 人: {escape(str(roster.source))}")
    for name, what in outcome.collected.remarks:
        console.print(f"[cyan]○ {escape(name)}[/]: {escape(what.en)} / {escape(what.zh)}")
    for late in outcome.late:
        words = in_words(late.seconds)
        console.print(
            f"○ {escape(late.student)} · {late.lesson}: late by {words.en}, −{late.penalty:g} / "
            f"迟交 {words.zh}，扣 {late.penalty:g} 分"
        )
    if outcome.changes:
        console.print(changes_table(outcome.changes, Text(en="Changed", zh="变动")))
    console.print(
        f"{len(outcome.graded)} graded, {len(outcome.skipped)} unchanged, {len(outcome.failures)} failed / "
        f"评阅 {len(outcome.graded)} 份，未变 {len(outcome.skipped)} 份，出错 {len(outcome.failures)} 份"
    )
    for name in ("grades.csv", "report/index.html"):
        console.print(f"{out / name}", soft_wrap=True)


def print_returned(returned: Returned, out: Path) -> None:
    """What a person has to do first, then what else to know, then where things are."""
    console = Console()
    for sign, several in (("[dark_orange]✗", returned.todo), ("[cyan]○", returned.remarks)):
        for name, what in several:
            console.print(f"{sign} {escape(name)}[/]: {escape(what.en)} / {escape(what.zh)}", soft_wrap=True)
    new = set(returned.written)
    for path in returned.files:
        if path.parent.name != "feedback":
            state = "written / 已写入" if path in new else "unchanged / 未变"
            console.print(f"  {out / 'return' / path.name}  {state}", soft_wrap=True)
    pages = sum(path.parent.name == "feedback" for path in new)
    console.print(
        f"{out / 'return' / 'feedback'}: {returned.pages} pages, {pages} written / "
        f"共 {returned.pages} 个网页，本次写入 {pages} 个",
        soft_wrap=True,
    )


def print_demo(demo: Demo, out: Path) -> None:
    """The scores beside what each sample deserves, then where to look."""
    console = Console()
    table = Table(title="Sample class / 示例班级", expand=True)
    # The words stand below the name, or a terminal of 80 columns would fold them to one word a line.
    table.add_column("sample / 样例", overflow="fold", ratio=1)
    for column in ("deserves / 应得", "got / 实得"):
        table.add_column(column, justify="right")
    receipts = {receipt.student: receipt for receipt in demo.outcome.receipts}
    for sample in demo.samples:
        receipt = receipts.get(sample.student)
        got = f"{receipt.score:g}" if receipt is not None else "–"
        same = receipt is not None and abs(receipt.score - sample.score) < 1e-9
        words = f"[bold]{escape(sample.student)}[/]\n{escape(sample.what.en)}\n{escape(sample.what.zh)}"
        table.add_row(words, f"{sample.score:g}", got if same else f"[bold red]{got} ✗[/]")
    console.print(table)
    for line in demo.differences:
        console.print(f"[bold red]✗[/] {escape(line)}", soft_wrap=True)
    if demo.isolation == "none":
        console.print(
            "[bold]bubblewrap is not available here: only the harmless samples were graded, without a sandbox.\n"
            "本机没有可用的 bubblewrap：只评阅了无害的样例，且没有沙箱。[/]"
        )
    if not demo.differences:
        console.print("Every sample got what it deserves. / 每个样例都得到了应得的分数。")
    for name in ("report/index.html", "grades.csv", "gradebook.db", "feedback/", "bundle/"):
        console.print(f"  {out / name}", soft_wrap=True)


def _table(lesson: str, outcome: Outcome) -> Table:
    receipts = [receipt for receipt in outcome.receipts if receipt.lesson == lesson]
    exercises = list(dict.fromkeys(e.key for receipt in receipts for e in receipt.exercises))
    table = Table(title=lesson)
    table.add_column("student / 学生", no_wrap=True)
    for key in exercises:
        table.add_column(key.partition(".")[2], justify="right")
    table.add_column("total / 总分", justify="right")
    for receipt in receipts:
        mine = {e.key: e for e in receipt.exercises}
        cells = [
            f"[{_COLOURS[mine[key].verdict]}]{_SIGNS[mine[key].verdict]} {mine[key].score:g}[/]" if key in mine else ""
            for key in exercises
        ]
        table.add_row(escape(receipt.student), *cells, f"{receipt.score:g} / {receipt.max_score:g}")
    return table
