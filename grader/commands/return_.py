"""``grader return``: gives a graded class back."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("return")
@click.argument("out", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--lesson", help="Only this lesson: its id, slug or number. | 只返还这一课：标识、名称或编号。")
@click.option(
    "--canvas",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Canvas's gradebook export, to be filled in. | 从 Canvas 导出的成绩册，在其中填入成绩。",
)
@click.option(
    "--moodle",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Moodle's grading worksheet, to be filled in. | 从 Moodle 下载的评分表，在其中填入成绩。",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="LESSON=NAME",
    help="The lesson's column there, where it is not found. | 找不到成绩列时，指明该课的列名。",
)
@click.option("--scale", is_flag=True, help="Convert points to the platform's maximum. | 按平台上的满分换算成绩。")
@click.option(
    "--with-pending",
    is_flag=True,
    help="Also write grades that wait for a person. | 等待人工评阅的成绩也一并写入。",
)
@click.option(
    "--roster",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Who is in the class.  [default: students.csv in or beside OUT, else in the course] | 学生名单（CSV）。",
)
@click.option(
    "--exchange",
    is_flag=True,
    help="Also release the feedback through nbgrader's exchange. | 同时经 nbgrader 的交换目录返还反馈。",
)
def command(
    out: Path,
    lesson: str | None,
    canvas: Path | None,
    moodle: Path | None,
    columns: tuple[str, ...],
    scale: bool,
    with_pending: bool,
    roster: Path | None,
    exchange: bool,
) -> None:
    """Give back what was graded in OUT, a folder that `grader grade` wrote.

    OUT/return/ gets feedback/ (one page for each student), grades-canvas.csv and grades-moodle.csv, and
    feedback-moodle.zip and feedback-canvas.zip with the pages under the names by which the platforms know their
    students. With --canvas or --moodle that platform's own export is filled in, and every other cell stays. Scores and
    comments entered in formgrader count, as do late penalties. What has not changed is not written again. The exit
    status is 0 when everybody's grade is given back, 1 when something is left for you to do.

    \b
    返还 OUT（`grader grade` 写出的文件夹）中的评分结果。OUT/return/ 中会有：
    feedback/（每名学生一个网页），可导入平台的 grades-canvas.csv 与
    grades-moodle.csv，以及按平台命名规则打包的 feedback-moodle.zip 与
    feedback-canvas.zip。用 --canvas 或 --moodle 给出平台导出的表格时，
    只填写成绩列，其余内容一概不动。在 formgrader 中录入的分数和评语都算数，
    迟交扣分也已计入；没有变化的文件不会重写。
    全部成绩都已返还时退出码为 0，还有事情要你处理时为 1。
    """
    from grader.quick_start import import_nbformat

    import_nbformat()
    from grader.course import CourseError, find_course
    from grader.gradebook import GradebookError
    from grader.lesson import read_lesson
    from grader.progress import bar, print_returned
    from grader.returning import Wanted, return_class
    from grader.returning import exchange as post
    from grader.roster import nearest_roster, read_roster

    try:
        try:
            course = find_course()
        except CourseError:
            course = None
        refs = course.lessons() if course is not None else []
        places = [out.resolve(), out.resolve().parent, *([course.root] if course is not None else [])]
        list_ = roster or nearest_roster(places)
        if lesson is not None:
            lesson = next((r.id for r in refs if lesson in (r.id, r.slug, str(r.number), f"{r.number:02}")), lesson)
        graded = {path.name for path in (out / "receipts").glob("*") if path.is_dir()}
        titles = {}
        for ref in refs:
            if ref.id in graded:
                read = read_lesson(ref.source)
                titles[ref.id] = {code: read.title(code) for code in ("en", "zh")}
        wanted = Wanted(
            lesson,
            read_roster(list_) if list_ is not None else None,
            canvas,
            moodle,
            _columns(columns),
            titles,
            scale,
            with_pending,
        )
        if exchange:
            post.check(out.resolve())
        with bar("Feedback / 反馈") as progress:
            returned = return_class(out, wanted, progress)
        if exchange:
            released = post.release(out.resolve(), returned.lessons)
            returned.todo += released.todo
            for lesson_id, students in released.students.items():
                click.echo(f"{lesson_id}: {len(students)} pages in the exchange / 已放入交换目录 {len(students)} 份")
    except (post.ExchangeError, GradebookError, FileNotFoundError, ValueError, OSError) as error:
        raise click.ClickException(str(error)) from None
    print_returned(returned, out)
    sys.exit(0 if returned.complete else 1)


def _columns(given: tuple[str, ...]) -> dict[str, str]:
    """Raises ValueError for what is not LESSON=NAME."""
    found = {}
    for one in given:
        lesson, equals, name = one.partition("=")
        if not (lesson.strip() and equals and name.strip()):
            raise ValueError(f"--column {one}: LESSON=NAME")
        found[lesson.strip()] = name.strip()
    return found
