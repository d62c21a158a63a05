"""A check's result as plain text, for terminals, logs and screen readers."""

from __future__ import annotations

from course_lib.checking import words
from course_lib.checking.results import ExerciseResult, FailingCase, Hint, PropertyResult
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
        lines += _case(result.failing, language, drawn=hint >= 2)
    if result.error is not None and result.verdict == "fail" and result.error.line is not None:
        line = words.YOUR_LINE.format(line=result.error.line).say(language, between=" / ")
        lines.append(f"  {line}: {result.error.source_line}")
    if result.hint is not None:
        lines += _hints(result.key, result.hint, language, hint, graded)
    for note in result.notes:
        lines += _sentences(note, language)
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


def _case(failing: FailingCase, language: str | None, drawn: bool) -> list[str]:
    if failing.hidden:
        return _sentences(words.HIDDEN_CASE, language)
    between = " / "
    lines = ["  " + words.SMALLEST.format(label=failing.label).say(language, between)]
    if drawn:
        lines += [
            f"    {name} = {words.describe(value).say(language, between)}" for name, value in failing.inputs.items()
        ]
    lines += _sentences(words.first_difference(failing), language)
    for title, value in ((words.EXPECTED, failing.difference.expected), (words.YOURS, failing.difference.actual)):
        lines.append(f"    {title.say(language, between)}: {words.describe(value).say(language, between)}")
    gaps = words.gaps(failing)
    if drawn and gaps:
        lines.append(f"    {words.DIFFERENCE.say(language, between)}:")
        lines += ["      " + "  ".join(cell.rjust(10) for cell in row) for row in gaps]
    return lines


def _hints(key: str, hint: Hint, language: str | None, step: int, graded: bool) -> list[str]:
    lines = ["  " + words.HINT_TITLES[0].say(language, " / "), *_sentences(hint.question, language)]
    if step >= 3:
        lines += ["  " + words.HINT_TITLES[2].say(language, " / "), *_sentences(hint.neighbour, language)]
    if step < words.STEPS and not graded:
        lines.append("  " + words.NEXT_HINT.format(key=key, step=step + 1).say(language, " / "))
    return lines
