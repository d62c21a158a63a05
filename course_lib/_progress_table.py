"""How progress looks: one table, as text and as HTML, in either language or both."""

from __future__ import annotations

import html
import unicodedata
from dataclasses import dataclass

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


def _cells(rows: list[Lesson], language: str) -> list[tuple[str, str, str, str]]:
    between = " / "
    cells = [
        (
            _with_number(row).say(language, between),
            OF.format(score=row.score, of=row.of).say(language, between),
            COUNT.format(solved=row.solved, all=len(row.points)).say(language, between),
            row.last or NEVER.say(language, between),
        )
        for row in rows
    ]
    total = OF.format(score=sum(r.score for r in rows), of=sum(r.of for r in rows)).say(language, between)
    solved = COUNT.format(solved=sum(r.solved for r in rows), all=sum(len(r.points) for r in rows))
    last = max((r.last for r in rows), default="") or NEVER.say(language, between)
    return [*cells, (TOTAL.say(language, between), total, solved.say(language, between), last)]


def _with_number(row: Lesson) -> Text:
    number = row.id.partition("_")[0]
    return Text(*(title if number in title else f"{number} {title}" for title in (row.title.en, row.title.zh)))


def as_text(rows: list[Lesson], language: str) -> str:
    """The table for a terminal; a Chinese character takes two columns."""
    heads = tuple(head.say(language, " / ") for head in (LESSON, POINTS, DONE, LAST))
    grid = [heads, *_cells(rows, language)]
    widths = [max(_columns(row[i]) for row in grid) for i in range(4)]
    text = [
        "  ".join(cell + " " * (width - _columns(cell)) for cell, width in zip(row, widths, strict=True))
        for row in grid
    ]
    return "\n".join(row.rstrip() for row in text)


def as_html(rows: list[Lesson], language: str) -> str:
    """The table for a notebook: each lesson is a link to its own."""
    heads = "".join(
        f'<th scope="col" style="text-align:left">{_both(head, language)}</th>' for head in (LESSON, POINTS, DONE, LAST)
    )
    body = []
    for row, (_, points, solved, last) in zip([*rows, None], _cells(rows, language), strict=True):
        name = _both(_with_number(row) if row else TOTAL, language)
        if row:
            place = html.escape(f"notebooks/{row.id}/{row.id}.ipynb", quote=True)
            name = f'<a href="{place}">{name}</a>'
        cells = "".join(f'<td style="text-align:left">{html.escape(cell)}</td>' for cell in (points, solved, last))
        weight = "normal" if row else "bold"
        head = f'<th scope="row" style="text-align:left;font-weight:{weight}">{name}</th>'
        body.append(f"<tr>{head}{cells}</tr>")
    caption = f'<caption style="text-align:left">{_both(TITLE, language)}</caption>'
    return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _both(text: Text, language: str) -> str:
    """Each side marked with its language, for the voice of a screen reader."""
    codes = {"en": "en", "zh": "zh-CN"}
    return " / ".join(f'<span lang="{codes[code]}">{html.escape(said)}</span>' for code, said in text.sides(language))


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
