"""Scores that moved, for the terminal: after a regrade, and before one (``grader grade --dry-run``)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from course_lib.text import Text
from grader.batch import Outcome
from grader.history import WHY
from grader.receipts import Change


def changes_table(changes: Sequence[Change], title: Text) -> Table:
    """A row for each score that moved, those of a student together, and what they come to."""
    table = Table(title=title.say("both", " / "), expand=False)
    table.add_column("student / 学生", overflow="fold")
    table.add_column("exercise / 练习", overflow="fold")
    table.add_column("old → new", justify="right", no_wrap=True)
    table.add_column("±", justify="right", no_wrap=True)
    table.add_column("why / 原因", overflow="fold", ratio=1)
    by_student: dict[tuple[str, str], list[Change]] = defaultdict(list)
    for change in changes:
        by_student[change.lesson, change.student].append(change)
    for (lesson, student), mine in sorted(by_student.items()):
        for number, change in enumerate(mine):
            table.add_row(
                f"{escape(student)}\n{lesson}" if number == 0 else "",
                escape(change.exercise),
                f"{_points(change.before)} → {_points(change.after)}",
                _difference(change),
                "\n".join(WHY[code].say("both", " / ") for code in change.why),
            )
        if len(mine) > 1:
            moved = sum((change.after or 0.0) - (change.before or 0.0) for change in mine)
            table.add_row("", "total / 合计", "", f"[bold]{_signed(moved)}[/]", "")
        table.add_section()
    return table


def print_rehearsal(outcome: Outcome) -> None:
    """Who would change and by how much, who is new, how many stay; then what could not be graded."""
    console = Console()
    title = Text(en="Would change", zh="将会变动")
    if outcome.changes:
        console.print(changes_table(outcome.changes, title))
    for receipt in outcome.receipts:
        if (receipt.lesson, receipt.student) in outcome.new:
            console.print(
                f"+ {escape(receipt.student)} · {receipt.lesson}: new / 新提交, "
                f"{receipt.score:g} / {receipt.max_score:g}"
            )
    for failure in outcome.failures:
        console.print(f"! {escape(failure.student)}: grader error / 评分程序出错: {escape(failure.message)}")
    for name, why in outcome.collected.refused:
        console.print(f"✗ {escape(name)}: {escape(why.en)} / {escape(why.zh)}")
    changed = len({(change.lesson, change.student) for change in outcome.changes})
    console.print(
        f"{changed} would change, {len(outcome.new)} new, {outcome.unchanged} unchanged, "
        f"{len(outcome.failures)} failed; nothing was written / "
        f"将变动 {changed} 份，新提交 {len(outcome.new)} 份，不变 {outcome.unchanged} 份，"
        f"出错 {len(outcome.failures)} 份；没有写入任何文件"
    )


def _points(score: float | None) -> str:
    return "–" if score is None else f"{score:g}"


def _difference(change: Change) -> str:
    return _signed((change.after or 0.0) - (change.before or 0.0))


def _signed(points: float) -> str:
    return f"{points:+g}".replace("-", "−")
