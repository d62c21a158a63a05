"""A check's result as HTML: self-contained, no scripts, inline styles only, so that it looks the same in JupyterLab,
nbgrader's pages and a saved file, in a light or a dark theme. Every word that came from a student is escaped.

Meaning is never carried by colour alone: each state has a sign and a word beside it.
"""

from __future__ import annotations

from html import escape

from course_lib.checking import words
from course_lib.checking.render_text import found
from course_lib.checking.results import ExerciseResult, FailingCase, Hint
from course_lib.text import Text

# Hues of the Okabe–Ito palette, which people with colour blindness can tell apart.
HUES = {"pass": "#009e73", "fail": "#d55e00", "not_run": "#56737f", "grader_error": "#cc79a7"}

_TABLE = "border-collapse:collapse;margin:.4em 0;font-size:.95em"
_CELL = "padding:.25em .7em;border:1px solid rgba(128,128,128,.35);text-align:left;vertical-align:top"
_NUMBER = "padding:.15em .5em;border:1px solid rgba(128,128,128,.35);text-align:right;font-family:monospace"
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
    if result.error is not None and result.verdict == "fail" and result.error.line is not None:
        line = _inline(words.YOUR_LINE.format(line=result.error.line), language)
        parts.append(f"<div>{line}: <code>{escape(result.error.source_line)}</code></div>")
    if result.hint is not None:
        parts.append(_hints(result.key, result.hint, language, hint, graded))
    parts += [_paragraph(note, language) for note in result.notes]
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
    if failing.hidden:
        return _paragraph(words.HIDDEN_CASE, language)
    difference = failing.difference
    parts = [f"<div><b>{_inline(words.SMALLEST.format(label=failing.label), language)}</b></div>"]
    if drawn:
        parts.append(
            "<div>"
            + "".join(
                _picture(f"{_inline(words.INPUT, language)} {escape(name)}", value, language)
                for name, value in failing.inputs.items()
            )
            + "</div>"
        )
    parts.append(f"<div>{_words(words.first_difference(failing), language)}</div>")
    gaps = words.gaps(failing)
    marks = [[cell.strip() != "·" for cell in row] for row in gaps] if gaps else None
    parts.append(
        "<div>"
        + _picture(_inline(words.EXPECTED, language), difference.expected, language)
        + _picture(_inline(words.YOURS, language), difference.actual, language, marks)
        + (_table(_inline(words.DIFFERENCE, language), gaps, marks) if gaps else "")
        + "</div>"
    )
    return "".join(parts)


def _picture(title: str, value: object, language: str | None, marks: list[list[bool]] | None = None) -> str:
    """A value as a grid where it is small, else in words. title: HTML."""
    rows = words.grid(value)  # type: ignore[arg-type]
    if rows is None:
        shown = _inline(words.describe(value), language)  # type: ignore[arg-type]
        return f"<div>{title}: <code>{shown}</code></div>"
    return _table(title, rows, marks)


def _table(title: str, rows: list[list[str]], marks: list[list[bool]] | None) -> str:
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{_OFF if marks and marks[r][c] else _NUMBER}">{escape(cell)}</td>'
            for c, cell in enumerate(row)
        )
        + "</tr>"
        for r, row in enumerate(rows)
    )
    return (
        f'<table style="{_TABLE};display:inline-table;margin-right:1.2em;vertical-align:top">'
        f'<caption style="text-align:left;caption-side:top;padding:.1em 0;white-space:nowrap">{title}</caption>'
        f"<tbody>{body}</tbody></table>"
    )


def _hints(key: str, hint: Hint, language: str | None, step: int, graded: bool) -> str:
    box = "border-top:1px dashed rgba(128,128,128,.5);margin-top:.5em;padding-top:.4em"
    parts = [f'<div style="{box}"><b>{_inline(words.HINT_TITLES[0], language)}</b>']
    parts.append(_paragraph(hint.question, language))
    if step >= 3:
        parts.append(f"<b>{_inline(words.HINT_TITLES[2], language)}</b>")
        parts.append(_paragraph(hint.neighbour, language))
    if step < words.STEPS and not graded:
        more = words.NEXT_HINT.format(key=key, step=step + 1)
        parts.append(f'<div style="opacity:.8">{_words(more, language, "code")}</div>')
    return "".join([*parts, "</div>"])
