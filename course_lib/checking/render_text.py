"""A check's result as plain text, for terminals, logs and screen readers."""

from __future__ import annotations

from course_lib.checking import words
from course_lib.checking.advice import leaf
from course_lib.checking.error_words import explain
from course_lib.checking.pictures import Picture, counterexample
from course_lib.checking.results import ExerciseResult, FailingCase, Hint, PropertyResult, RaisedError
from course_lib.text import Text


def plain(result: ExerciseResult, language: str | None = None, hint: int = 1, graded: bool = False) -> str:
    """The report in a language (None: the current one), hints up to a step.

    ``graded``: for feedback, where there is no next step to ask for.
    """
    lines = [f"{words.SIGNS[result.verdict]} {words.headline(result).say(language, between=' / ')}"]
    if result.verdict == "not_run" and not result.notes:
        lines += _sentences(words.unanswered(result), language)
    if result.verdict in ("fail", "pass"):
        lines += [_row(prop, language) for prop in result.properties]
    if result.failing is not None:
        lines += _case(result.failing, language)
    for note in result.notes:
        lines += _sentences(note, language)
    if result.error is not None and words.explained(result):
        lines += _error(result.error, language)
    if result.hint is not None:
        lines += _hints(result, result.hint, language, hint, graded)
    return "\n".join(lines)


def _sentences(text: Text, language: str | None) -> list[str]:
    return [f"  {line}" for line in text.say(language).splitlines()]


def _row(prop: PropertyResult, language: str | None) -> str:
    sign = words.SIGNS["pass" if prop.passed else "fail"]
    label = prop.label.say(language, between=" / ")
    score = f"{words.points(prop.points)}/{words.points(prop.max_points)}"
    return f"  {sign} {label}  {score}" + (f"  {found(prop).say(language, between=' / ')}" if not prop.passed else "")


def found(prop: PropertyResult) -> Text:
    """What was found of one property, in words."""
    if prop.passed:
        return words.RIGHT
    return prop.difference.sentence if prop.difference is not None else words.COUNTS_WITH


def _case(failing: FailingCase, language: str | None) -> list[str]:
    if failing.hidden:
        return _sentences(words.HIDDEN_CASE, language)
    between = " / "
    lines = ["  " + words.SMALLEST.format(label=failing.label).say(language, between)]
    lines += _sentences(words.first_difference(failing), language)
    wanted, got = failing.difference.expected, failing.difference.actual
    if wanted is not None and got is not None:
        wanted, got = leaf(wanted, got)
    for title, value in ((words.EXPECTED, wanted), (words.YOURS, got)):
        lines.append("    " + words.labelled(title, words.describe(value)).say(language, between))
    if failing.advice is not None:
        lines += _sentences(words.ADVICE.format(advice=failing.advice), language)
    return lines


def _error(error: RaisedError, language: str | None) -> list[str]:
    lines = []
    where, meaning = words.where(error), explain(error)
    if where is not None:
        lines.append(f"  {where.say(language, between=' / ')}")
        lines.append(f"    {words.quoted(error)}")
    lines += [f"  {line}" for line in words.message(error).splitlines()]
    return lines + (_sentences(words.MEANS.format(meaning=meaning), language) if meaning is not None else [])


def _hints(result: ExerciseResult, hint: Hint, language: str | None, step: int, graded: bool) -> list[str]:
    lines = ["  " + words.HINT_TITLES[0].say(language, " / "), *_sentences(hint.question, language)]
    if step >= 2 and result.failing is not None and not result.failing.hidden:
        lines.append("  " + words.HINT_TITLES[1].say(language, " / "))
        lines += [line for picture in counterexample(result.failing) for line in _picture(picture, language)]
    if step >= 2 and result.elsewhere is not None:
        lines += ["  " + words.LIES_TITLE.say(language, " / "), *_sentences(result.elsewhere, language)]
    if step >= 3:
        lines += ["  " + words.HINT_TITLES[2].say(language, " / "), *_sentences(hint.neighbour, language)]
    if step < words.STEPS and not graded:
        lines.append("  " + words.next_hint(result, step).say(language, " / "))
    return lines


def _picture(picture: Picture, language: str | None) -> list[str]:
    """The caption, then rows of numbers; what differs carries a star, the first difference an arrow."""
    lines = ["    " + words.labelled(picture.title, picture.caption).say(language, " / ")]
    for r, row in enumerate(picture.rows):
        cells = [
            ("→" if picture.first == (r, c) else "") + cell + ("*" if picture.marks[r][c] else " ")
            for c, cell in enumerate(row)
        ]
        lines.append("      " + "".join(cell.rjust(12) for cell in cells))
    return lines
