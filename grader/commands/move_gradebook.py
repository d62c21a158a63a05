"""``grader move-gradebook``: the gradebook of a folder, into another database."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("move-gradebook")
@click.argument("out", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("url")
def command(out: Path, url: str) -> None:
    """Move the gradebook of OUT, a folder that `grader grade` wrote, into the empty database at URL.

    URL is one like postgresql+psycopg://USER@HOST/DATABASE; the password belongs in ~/.pgpass or PGPASSWORD. Everything
    goes along: scores and comments entered by hand, due dates, extensions. OUT/nbgrader_config.py then names the new
    place, for nbgrader, formgrader and `grader` alike. The old gradebook stays as it is and is no longer read; delete
    it once you have looked at the new one.

    \b
    把 OUT（`grader grade` 写出的文件夹）的成绩册搬到 URL 指定的空数据库。
    URL 形如 postgresql+psycopg://用户@主机/数据库；
    密码请放进 ~/.pgpass 或环境变量 PGPASSWORD。
    手工录入的分数与评语、截止时间、延期等全部内容都会搬过去。
    此后 OUT/nbgrader_config.py 指向新位置，nbgrader、formgrader 与 `grader` 都用它。
    旧成绩册原样保留，但不再读取；查看新成绩册无误后，请自行删除。
    """
    from grader.gradebook_copy import move
    from grader.whereabouts import PASSWORD_USED, GradebookError, holds_password, named

    try:
        old, new = (named(one) for one in move(out, url))
    except (GradebookError, OSError) as error:
        raise click.ClickException(str(error)) from None
    if holds_password(url):
        click.echo(PASSWORD_USED.say("both"), err=True)
    click.echo(f"The gradebook is in {new.en} now. What stands in {old.en} is no longer read: delete it.")
    click.echo(f"成绩册现在位于{new.zh}。{old.zh} 不再使用，请自行删除。")
