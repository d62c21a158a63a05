"""Whether a lesson says the same in English and in Chinese: pairs, reviews, invariants, terms and typography.

Each finding is a Problem that names the file, the line, the cell and what to do. ``accept`` records that a Chinese
cell was reviewed against the English of today.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from grader import invariants
from grader.anatomy import dissect
from grader.comments import CommentError, comments
from grader.glossary import Term, lint
from grader.lesson import Cell, Lesson, LessonError, read_lesson, text_hash
from grader.wording import fields, stray_strings, texts, unfilled


@dataclass(frozen=True)
class Problem:
    """One thing to mend. ``kind`` is a stable word: pair, review, invariant, term, typography, comment, text."""

    file: str
    line: int
    cell: str
    kind: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: cell {self.cell}: {self.message}"

    def as_dict(self) -> dict[str, str | int]:
        return asdict(self)


def check_lesson(lesson: Lesson, terms: tuple[Term, ...] = ()) -> list[Problem]:
    """All problems of a lesson, in the order of its lines."""
    found = list(_pairs(lesson))
    for cell in lesson.cells:
        if cell.lang == "en" and "zh" in (pair := lesson.pair(cell.id)):
            found += _prose(lesson, cell, pair["zh"], terms)
        elif cell.kind == "code":
            where = (lesson.ref.source.name, cell.id, cell.line)
            found += check_comments(cell.source, terms, *where)
            found += check_texts(cell.source, terms, *where)
    return sorted(found, key=lambda problem: problem.line)


def check_comments(
    source: str, terms: tuple[Term, ...], file: str, cell: str, first_line: int = 1
) -> Iterator[Problem]:
    """Problems of the two-sided comments in a piece of Python."""
    try:
        found = [comment for comment in comments(source) if comment.two_sided]
    except CommentError as error:
        yield Problem(file, first_line + error.line - 1, cell, "comment", str(error))
        return
    for comment in found:
        for message in _words(comment.en.lstrip("#: "), comment.zh.lstrip("#: "), terms):
            yield Problem(file, first_line + comment.line - 1, cell, "comment", message)


def check_texts(
    source: str, terms: tuple[Term, ...], file: str, cell: str, first_line: int = 1, strings: bool = True
) -> Iterator[Problem]:
    """Problems of the bilingual records and (if ``strings``) of Chinese in other strings in a piece of Python."""

    def problem(line: int, message: str) -> Problem:
        return Problem(file, first_line + line - 1, cell, "text", message)

    try:
        records = texts(source)
        stray = list(stray_strings(source)) if strings else []
    except SyntaxError as error:
        yield problem(error.lineno or 1, f"the code is not Python: {error.msg}")
        return
    for line, words in stray:
        yield problem(line, f"the string {words[:30]!r} holds Chinese; write Text(en=…, zh=…)")
    for record in records:
        lost = fields(record.en) ^ fields(record.zh)
        if lost:
            yield problem(record.line, f"fields differ: {', '.join(f'{{{one}}}' for one in sorted(lost))}")
        for message in _words(unfilled(record.en), unfilled(record.zh), terms):
            yield problem(record.line, message)


def accept(path: Path, cell_id: str) -> bool:
    """Writes the hash of the English text into the header of the Chinese cell and changes nothing else in the file.

    Returns whether the file changed. Raises LessonError where the lesson has no such pair.
    """
    lesson = read_lesson(path)
    pair = lesson.pair(cell_id)
    if set(pair) != {"en", "zh"}:
        raise LessonError(f"{path.name}: no pair of cells {cell_id!r}; --accept takes the id of a pair")
    mark = f'reviewed="{text_hash(pair["en"].source)}"'
    text = path.read_bytes().decode("utf-8")
    lines = text.splitlines(keepends=True)
    header = lines[pair["zh"].line - 2]
    body, end = header.rstrip("\r\n"), header[len(header.rstrip("\r\n")) :]
    new = re.sub(r'reviewed="[^"]*"', mark, body) if "reviewed=" in body else f"{body.rstrip()} {mark}"
    lines[pair["zh"].line - 2] = new + end
    if new == body:
        return False
    path.write_bytes("".join(lines).encode("utf-8"))
    return True


def _pairs(lesson: Lesson) -> Iterator[Problem]:
    cells = lesson.cells
    for index, cell in enumerate(cells):
        if cell.lang == "en":
            after = cells[index + 1] if index + 1 < len(cells) else None
            if after is None or (after.id, after.lang) != (cell.id, "zh"):
                yield _problem(
                    lesson, cell, "pair", f'no Chinese cell behind it; add one with id="{cell.id}" lang="zh"'
                )
        elif cell.lang == "zh":
            before = cells[index - 1] if index else None
            if before is None or (before.id, before.lang) != (cell.id, "en"):
                yield _problem(
                    lesson, cell, "pair", f'no English cell before it; put the one with id="{cell.id}" lang="en" there'
                )


def _prose(lesson: Lesson, en: Cell, zh: Cell, terms: tuple[Term, ...]) -> Iterator[Problem]:
    if zh.reviewed != text_hash(en.source):
        why = "the English changed after the Chinese was reviewed" if zh.reviewed else "the Chinese is not reviewed"
        advice = f"compare both, then run: grader check-translations {lesson.ref.slug} --accept {zh.id}"
        yield _problem(lesson, zh, "review", f"{why}; {advice}")
    ours, theirs = dissect(en.source), dissect(zh.source)
    for message in invariants.compare(ours, theirs):
        yield _problem(lesson, zh, "invariant", message)
    for message in invariants.languages(ours, theirs):
        yield _problem(lesson, zh, "invariant", message)
    for message in lint(terms, ours.prose, theirs.prose):
        yield _problem(lesson, zh, "term", message)
    for line, message in (*invariants.typography(theirs.prose), *invariants.emphasis(theirs.marked)):
        yield _problem(lesson, zh, "typography", message, line)


def _words(en: str, zh: str, terms: tuple[Term, ...]) -> Iterator[str]:
    # Short texts name variables (losses, weight) as often as terms: only wrong renderings count.
    ours, theirs = dissect(en), dissect(zh)
    yield from lint(terms, ours.prose, theirs.prose, required=False)
    yield from (message for _, message in invariants.typography(theirs.prose, columns=True))


def _problem(lesson: Lesson, cell: Cell, kind: str, message: str, line: int = 0) -> Problem:
    name = f"{cell.id} ({cell.lang})" if cell.lang else cell.id
    return Problem(lesson.ref.source.name, cell.line + line, name, kind, message)
