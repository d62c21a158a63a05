"""CSV as spreadsheets and platforms save and open it: its bytes, its delimiter and what they put around a value."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Decoded:
    """A file's text. mark: the byte-order mark before it; encoding: of what stands behind the mark."""

    text: str
    mark: bytes
    encoding: str


def decoded(blob: bytes) -> Decoded | None:
    """The text in some bytes: as their mark says, else UTF-8 or what a Chinese Windows writes. None where they are no
    text, as those of a workbook, which is a zip."""
    if blob.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    mark, encodings = next(((m, (e,)) for m, e in _MARKS if blob.startswith(m)), (b"", ("utf-8", "gb18030")))
    for encoding in encodings:
        try:
            text = blob[len(mark) :].decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else Decoded(text, mark, encoding)
    return None


def delimiter_of(text: str) -> str:
    """What parts the cells: of commas, semicolons and tabs the one that stands in the head most often."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=head.count)


def value_of(cell: str) -> str:
    """A cell without what spreadsheets put around it: blanks, ="0123" that keeps the noughts, the ' before a text."""
    cell = " ".join(unicodedata.normalize("NFC", cell).split())
    kept = re.fullmatch(r'="(.*)"', cell)
    return kept[1] if kept is not None else cell.removeprefix("'")


def written(rows: Iterable[Sequence[object]], line_end: str = "\n") -> bytes:
    """A table's bytes, with the mark without which a spreadsheet takes 王 for three odd letters."""
    out = io.StringIO()
    csv.writer(out, lineterminator=line_end).writerows(rows)
    return out.getvalue().encode("utf-8-sig")
