"""How progress looks: one table, as text and as HTML, in either language or both."""

from __future__ import annotations

import html
from dataclasses import dataclass

from course_lib._html import spans
from course_lib._style import columns
from course_lib.text import Text

TITLE = Text(en="Your progress", zh="你的学习进度")
LESSON = Text(en="lesson", zh="课程")
POINTS = Text(en="points", zh="分数")
DONE = Text(en="exercises solved", zh="完成的练习")
LAST = Text(en="last check", zh="最近一次检查")
TOTAL = Text(en="all lessons", zh="全部课程")
OF = Text(en="{score:g} of {of:g}", zh="{score:g} / {of:g}")
COUNT = Text(en="{solved} of {all}", zh="{solved} / {all}")
NEVER = Text(en="not yet", zh="尚未开始")


@dataclass(frozen=True)
class Lesson:
    """One row of the table. points: those of each exercise, by ``slug.exercise``; best: what was reached of them."""

    id: str
    title: Text
    points: dict[str, float]
    best: dict[str, float]
    last: str = ""  # the day of the last check, as 2026-10-01

    @property
    def score(self) -> float:
        return sum(self.best.values())

    @property
    def of(self) -> float:
        return sum(self.points.values())

    @property
    def solved(self) -> int:
        return sum(self.best.get(key, 0.0) >= points for key, points in self.points.items())


def _cells(rows: list[Lesson]) -> list[tuple[Text, ...]]:
    cells = [
        (
            _with_number(row),
            OF.format(score=row.score, of=row.of),
            COUNT.format(solved=row.solved, all=len(row.points)),
            _day(row.last),
        )
        for row in rows
    ]
    points = OF.format(score=sum(row.score for row in rows), of=sum(row.of for row in rows))
    solved = COUNT.format(solved=sum(row.solved for row in rows), all=sum(len(row.points) for row in rows))
    return [*cells, (TOTAL, points, solved, _day(max((row.last for row in rows), default="")))]


def _day(last: str) -> Text:
    return Text(last, last) if last else NEVER


def _with_number(row: Lesson) -> Text:
    number = row.id.partition("_")[0]
    return Text(*(title if number in title else f"{number} {title}" for title in (row.title.en, row.title.zh)))


def as_text(rows: list[Lesson], language: str) -> str:
    """The table for a terminal; a Chinese character takes two columns."""
    table = [(LESSON, POINTS, DONE, LAST), *_cells(rows)]
    grid = [[cell.say(language, " / ") for cell in row] for row in table]
    widths = [max(columns(row[i]) for row in grid) for i in range(4)]
    text = [
        "  ".join(cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True)) for row in grid
    ]
    return "\n".join(row.rstrip() for row in text)


def as_html(rows: list[Lesson], language: str) -> str:
    """The table for a notebook: each lesson is a link to its own."""
    heads = "".join(
        f'<th scope="col" style="text-align:left">{spans(head, language)}</th>' for head in (LESSON, POINTS, DONE, LAST)
    )
    body = []
    for row, (title, *facts) in zip([*rows, None], _cells(rows), strict=True):
        name = spans(title, language)
        if row:
            place = html.escape(f"notebooks/{row.id}/{row.id}.ipynb", quote=True)
            name = f'<a href="{place}">{name}</a>'
        cells = "".join(f'<td style="text-align:left">{spans(cell, language)}</td>' for cell in facts)
        weight = "normal" if row else "bold"
        head = f'<th scope="row" style="text-align:left;font-weight:{weight}">{name}</th>'
        body.append(f"<tr>{head}{cells}</tr>")
    caption = f'<caption style="text-align:left">{spans(TITLE, language)}</caption>'
    return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table>"
