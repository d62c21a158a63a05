"""``grader forget``: removes a student."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("out", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("student")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed. | 只列出将要删除的内容。")
@click.option("--yes", is_flag=True, help="Do not ask. | 不再询问，直接删除。")
def command(out: Path, student: str, dry_run: bool, yes: bool) -> None:
    """Remove STUDENT, an id, and everything that is kept of them in OUT, a folder that `grader grade` wrote.

    Receipts, history, the submitted, autograded and feedback trees, the gradebook's rows, return/ pages and members of
    its zips, lines of grades.csv and the logs go; the report is made anew without them. What lies elsewhere stays: the
    files that you graded from, your roster, your learning platform. A run that was cut off is finished by saying the
    same again. The exit status is 0 when nothing is left, 1 when a file still holds their name or the id is not known.

    \b
    从 OUT（`grader grade` 写出的文件夹）中删除学号为 STUDENT 的学生及其全部内容：
    回执、改分记录、提交与评阅后的笔记本、反馈网页、成绩册中的记录、
    return/ 中的网页与压缩包条目、grades.csv 与日志中的相关行；报告会重新生成。
    OUT 之外的内容不会动：评分时所用的提交文件、你的名单、学习平台上的内容。
    中途被打断时，再运行一次即可完成。
    全部删净时退出码为 0；仍有文件含有其姓名，或找不到这个学号时为 1。
    """
    from grader.quick_start import import_nbformat

    import_nbformat()
    from rich.console import Console
    from rich.markup import escape

    from course_lib.text import Text
    from grader.forget import ForgetError, find, forget
    from grader.gradebook import GradebookError

    console = Console()
    try:
        person = find(out.resolve(), student)
        planned = forget(out, person, try_only=True)
        for path, what in planned.gone:
            about = f"  ({escape(what)})" if what else ""
            shown = path.say("both", " / ") if isinstance(path, Text) else _within(path, out.resolve())
            console.print(f"− {escape(shown)}{about}", soft_wrap=True)
        if dry_run:
            console.print("Nothing was changed. / 没有改动任何内容。")
            return
        if not yes:
            question = f"Remove {person.student} for good? / 确定永久删除 {person.student} 吗？"
            click.confirm(question, abort=True)
        with console.status("…"):
            done = forget(out, person)
    except (ForgetError, GradebookError, OSError) as error:
        raise click.ClickException(str(error)) from None
    for path, why in done.left:
        console.print(f"[dark_orange]✗ {escape(str(path))}[/]: {escape(why.en)} / {escape(why.zh)}", soft_wrap=True)
    console.print(
        f"{escape(person.student)} is removed. Remove their files from where you grade from, too, or the next "
        "`grader grade` brings them back.\n"
        f"已删除 {escape(person.student)}。请把评分来源中的文件也一并删除，否则下次 `grader grade` 又会把它们收进来。",
        soft_wrap=True,
    )
    if done.server is not None:
        console.print(
            f"Their rows are gone from {escape(done.server.en)}. Its backups and its write-ahead log are its "
            "administrator's: ask how long they are kept.\n"
            f"{escape(done.server.zh)}中的记录已删除。服务器的备份和预写日志（WAL）由管理员管理，请向其询问保留多久。",
            soft_wrap=True,
        )
    sys.exit(1 if done.left else 0)


def _within(path: Path, out: Path) -> str:
    return str(path.relative_to(out) if path.is_relative_to(out) else path)
