"""A check's result as HTML: self-contained, no scripts, inline styles only, so that it looks the same in JupyterLab,
nbgrader's pages and a saved file, in a light or a dark theme. Every word that came from a student is escaped.

Meaning is never carried by colour alone: each state has a sign and a word beside it.
"""

from __future__ import annotations

import re
from html import escape

from course_lib.checking import words
from course_lib.checking.error_words import explain
from course_lib.checking.pictures import Picture, counterexample, drawn_difference
from course_lib.checking.render_text import found
from course_lib.checking.results import ExerciseResult, FailingCase, Hint, RaisedError
from course_lib.text import Text

# Hues of the Okabe–Ito palette, which people with colour blindness can tell apart; the last one is darker, so that all
# have a contrast of 3 with a light and with a dark page.
HUES = {"pass": "#009e73", "fail": "#d55e00", "not_run": "#56737f", "grader_error": "#b8578d"}

_TABLE = "border-collapse:collapse;margin:.4em 0;font-size:.95em"
_CELL = "padding:.25em .7em;border:1px solid rgba(128,128,128,.35);text-align:left;vertical-align:top"
_NUMBER = "padding:.15em .5em;border:1px solid rgba(128,128,128,.35);text-align:right;font-family:monospace"
_HEAD = "padding:.1em .5em;font-weight:normal;font-size:.85em;opacity:.75;text-align:right"
_CODE = "margin:.3em 0;padding:.3em .6em;background:rgba(128,128,128,.14);overflow-x:auto"
_OFF = _NUMBER + ";background:rgba(213,94,0,.18);font-weight:bold;outline:1px solid #d55e00"


def html(result: ExerciseResult, language: str | None = None, hint: int = 1, graded: bool = False) -> str:
    """The report as one ``<section>``. ``graded``: for feedback, where there is no next step to ask for."""
    hue = HUES[result.verdict]
    parts = [
        f'<section style="border-left:.35em solid {hue};padding:.5em 1em;margin:.5em 0;'
        f'background:rgba(128,128,128,.07);border-radius:.3em;max-width:60em">',
        f'<div style="font-weight:bold;font-size:1.05em"><span style="color:{hue}" aria-hidden="true">'
        f"{words.SIGNS[result.verdict]}</span> {_words(words.headline(result), language)}</div>",
    ]
    if result.verdict == "not_run" and not result.notes:
        parts.append(_paragraph(words.unanswered(result), language))
    if result.verdict in ("fail", "pass"):
        parts.append(_properties(result, language))
    if result.failing is not None:
        parts.append(_case(result.failing, language, drawn=hint >= 2))
    parts += [_code(_paragraph(note, language)) for note in result.notes]
    if result.error is not None and words.explained(result):
        parts.append(_error(result.error, language))
    if result.hint is not None:
        parts.append(_hints(result, result.hint, language, hint, graded))
    return "".join([*parts, "</section>"])


def _words(text: Text, language: str | None, tag: str = "span") -> str:
    sides = text.sides(language)
    if len({side for _, side in sides}) == 1:
        return f"<{tag}>{escape(sides[0][1])}</{tag}>"
    return "<br>".join(f'<{tag} lang="{code}">{escape(side)}</{tag}>' for code, side in sides)


def _inline(text: Text, language: str | None) -> str:
    sides = text.sides(language)
    if len({side for _, side in sides}) == 1:
        return escape(sides[0][1])
    # A page that hides one language hides the bar between them, too.
    between = '<span class="course-between"> / </span>'
    return between.join(f'<span lang="{code}">{escape(side)}</span>' for code, side in sides)


def _paragraph(text: Text, language: str | None) -> str:
    return "".join(
        f'<p lang="{code}" style="margin:.3em 0">{escape(side).replace(chr(10), "<br>")}</p>'
        for code, side in text.sides(language)
    )


def _code(page: str) -> str:
    """``words`` between backticks set as code; the words are escaped already."""
    return re.sub(r"`([^`<>]+)`", r"<code>\1</code>", page)


def _properties(result: ExerciseResult, language: str | None) -> str:
    heads = "".join(
        f'<th scope="col" style="{_CELL}">{_inline(head, language)}</th>'
        for head in (words.PROPERTY, words.POINTS, words.FOUND)
    )
    rows = "".join(
        f'<tr><td style="{_CELL}"><span style="color:{HUES["pass" if p.passed else "fail"]}">'
        f"{words.SIGNS['pass' if p.passed else 'fail']}</span> {_inline(p.label, language)}</td>"
        f'<td style="{_CELL}">{words.points(p.points)} / {words.points(p.max_points)}</td>'
        f'<td style="{_CELL}">{_words(found(p), language)}</td></tr>'
        for p in result.properties
    )
    return f'<table style="{_TABLE}"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _case(failing: FailingCase, language: str | None, drawn: bool) -> str:
    """drawn: the second step of the hints shows the tables, with the inputs."""
    if failing.hidden:
        return _paragraph(words.HIDDEN_CASE, language)
    parts = [
        f"<div><b>{_inline(words.SMALLEST.format(label=failing.label), language)}</b></div>",
        f"<div>{_words(words.first_difference(failing), language)}</div>",
    ]
    if not drawn:
        pictures = drawn_difference(failing.difference)
        parts.append("<div>" + "".join(_picture(p, language, shaded=False) for p in pictures) + "</div>")
    if failing.advice is not None:
        parts.append(_code(_paragraph(words.ADVICE.format(advice=failing.advice), language)))
    return "".join(parts)


def _error(error: RaisedError, language: str | None) -> str:
    """Where it happened, the line with its number, what Python says, and what that means."""
    parts = []
    where, meaning, message = words.where(error), explain(error), words.message(error)
    if where is not None:
        parts.append(f"<div><b>{_code(_inline(where, language))}</b></div>")
        parts.append(f'<pre style="{_CODE}">{escape(words.quoted(error))}</pre>')
    if message:
        parts.append(f'<div><code style="white-space:pre-wrap">{escape(message)}</code></div>')
    if meaning is not None:
        parts.append(_code(_paragraph(words.MEANS.format(meaning=meaning), language)))
    return f'<div style="margin:.5em 0">{"".join(parts)}</div>' if parts else ""


def _picture(picture: Picture, language: str | None, shaded: bool = True) -> str:
    """A value as a table with its caption, or in words. Orange is above zero and blue below; the numbers' own signs,
    the frame and the arrow say the same without colour."""
    title = _inline(picture.title, language)
    if not picture.rows:
        return f"<div>{_inline(words.labelled(picture.title, picture.caption), language)}</div>"
    cells = ["".join(_cell(picture, r, c, shaded) for c in range(len(row))) for r, row in enumerate(picture.rows)]
    if shaded and picture.row_heads:
        cells = [_head("row", head) + row for head, row in zip(picture.row_heads, cells, strict=True)]
    heads = "".join(_head("col", head) for head in picture.column_heads)
    top = f"<thead><tr>{'<td></td>' if picture.row_heads else ''}{heads}</tr></thead>" if shaded and heads else ""
    caption = f"<br><small>{_words(picture.caption, language)}</small>"
    return (
        f'<table style="{_TABLE};display:inline-table;margin-right:1.2em;vertical-align:top">'
        f'<caption style="text-align:left;caption-side:top;padding:.1em 0;white-space:nowrap">{title}'
        f"{caption if shaded else ''}</caption>"
        f"{top}<tbody>{''.join(f'<tr>{row}</tr>' for row in cells)}</tbody></table>"
    )  # fmt: skip


def _cell(picture: Picture, r: int, c: int, shaded: bool) -> str:
    style, words_in = _OFF if picture.marks[r][c] else _NUMBER, escape(picture.rows[r][c])
    if shaded:
        shade = picture.shades[r][c]
        style += f";background:rgba({'230,159,0' if shade > 0 else '0,114,178'},{abs(shade) * 0.45:.2f})"
    if picture.first == (r, c):
        style, words_in = style + ";outline-width:3px", f"→ {words_in}"
    return f'<td style="{style}">{words_in}</td>'


def _head(scope: str, words_in: str) -> str:
    return f'<th scope="{scope}" style="{_HEAD}">{escape(words_in)}</th>'


def _hints(result: ExerciseResult, hint: Hint, language: str | None, step: int, graded: bool) -> str:
    box = "border-top:1px dashed rgba(128,128,128,.5);margin-top:.5em;padding-top:.4em"
    parts = [f'<div style="{box}"><b>{_inline(words.HINT_TITLES[0], language)}</b>']
    parts.append(_paragraph(hint.question, language))
    if step >= 2 and result.failing is not None and not result.failing.hidden:
        parts.append(f"<b>{_inline(words.HINT_TITLES[1], language)}</b>")
        parts.append(f"<div>{''.join(_picture(p, language) for p in counterexample(result.failing))}</div>")
    if step >= 2 and result.elsewhere is not None:
        parts.append(f"<b>{_inline(words.LIES_TITLE, language)}</b>")
        parts.append(_code(_paragraph(result.elsewhere, language)))
    if step >= 3:
        parts.append(f"<b>{_inline(words.HINT_TITLES[2], language)}</b>")
        parts.append(_paragraph(hint.neighbour, language))
    if step < words.STEPS and not graded:
        more = _words(words.next_hint(result, step), language)
        parts.append(f'<div style="opacity:.85">{more}</div>')
    return "".join([*parts, "</div>"])
