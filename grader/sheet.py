"""A CSV file that somebody else wrote, changed cell by cell: every other byte stays as it was.

Reading and writing with ``csv`` would change quotes, line ends, byte-order mark and encoding, and a platform's import
may be particular about each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from course_lib.text import Text
from grader.csv_text import decoded, delimiter_of

MAX_BYTES = 20 * 2**20
NO_TABLE = Text(
    en="{file}: this is not a table in CSV form. Give the file as the platform exported it.",
    zh="{file}：这不是 CSV 格式的表格。请使用平台导出的原文件。",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Cell:
    """A cell: its value, and where its text with the quotes begins and ends."""

    value: str
    start: int
    end: int


@dataclass
class Sheet:
    """A table. rows: cells of every line that has any, the head first; ends: where each row's line ends."""

    text: str
    mark: bytes
    encoding: str
    delimiter: str
    rows: list[list[Cell]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises OSError where it cannot be read, ValueError where it is no table."""
        with path.open("rb") as file:
            blob = file.read(MAX_BYTES + 1)
        sheet = cls.parse(blob) if len(blob) <= MAX_BYTES else None
        if sheet is None or not sheet.rows:
            raise ValueError(NO_TABLE.format(file=path).say("both"))
        return sheet

    @classmethod
    def parse(cls, blob: bytes) -> Self | None:
        """The table in some bytes; None where they are no text."""
        content = decoded(blob)
        # What cannot be written back as it was is not to be touched.
        if content is None or content.mark + content.text.encode(content.encoding) != blob:
            return None
        sheet = cls(content.text, content.mark, content.encoding, delimiter_of(content.text))
        sheet._scan()
        return sheet

    @property
    def head(self) -> list[str]:
        return [cell.value.strip() for cell in self.rows[0]]

    def changed(self, values: Iterable[tuple[int, int, str]] = (), drop: Iterable[int] = ()) -> bytes:
        """The table's bytes with other values in some cells (row, column, value) and without some rows."""
        edits: list[tuple[int, int, str]] = []
        for row, column, value in values:
            cell = self.rows[row][column]
            edits.append((cell.start, cell.end, self._written(value)))
        edits += [(self.rows[row][0].start, self.ends[row], "") for row in drop]
        text = self.text
        for start, end, new in sorted(edits, reverse=True):
            text = text[:start] + new + text[end:]
        return self.mark + text.encode(self.encoding)

    def without(self, gone: Callable[[Sequence[str]], bool]) -> bytes:
        """The table's bytes without the rows, the head aside, that a rule names."""
        return self.changed(drop=[n for n, row in enumerate(self.rows) if n and gone([cell.value for cell in row])])

    def _written(self, value: str) -> str:
        if any(c in value for c in (self.delimiter, '"', "\n", "\r")):
            return '"' + value.replace('"', '""') + '"'
        return value

    def _scan(self) -> None:
        """Finds every cell. A quote that does not begin a cell is a character like any other, as spreadsheets have
        it."""
        text, at = self.text, 0
        row: list[Cell] = []
        while at < len(text) or row:
            start = at
            if text[at : at + 1] == '"':
                at += 1
                while at < len(text):
                    if text[at] == '"':
                        if text[at + 1 : at + 2] != '"':
                            at += 1
                            break
                        at += 1
                    at += 1
            while at < len(text) and text[at] not in (self.delimiter, "\n", "\r"):
                at += 1
            row.append(Cell(_unquoted(text[start:at]), start, at))
            if text[at : at + 1] == self.delimiter:
                at += 1
                continue
            at += 2 if text[at : at + 2] == "\r\n" else 1
            if any(cell.value.strip() for cell in row):
                self.rows.append(row)
                self.ends.append(min(at, len(text)))
            row = []


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return "'" + text if text.lstrip(" \u00a0\u3000").startswith(_FORMULA) else text


def number(score: float) -> str:
    """A score with at most two decimals, as both platforms keep it: 4, 4.5, 33.33."""
    return f"{round(score + 0.0, 2):.2f}".rstrip("0").rstrip(".")


def _unquoted(raw: str) -> str:
    if not raw.startswith('"'):
        return raw
    closing = raw.rfind('"')
    inside, rest = (raw[1:closing], raw[closing + 1 :]) if closing > 0 else (raw[1:], "")
    return inside.replace('""', '"') + rest
