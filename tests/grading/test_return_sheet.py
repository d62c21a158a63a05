"""Somebody else's table keeps every byte but those of the cells that are changed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.sheet import Sheet, harmless, number

WORDS = st.text(st.sampled_from('ab"\n,; 王=\t'), max_size=5)
TABLES = st.lists(st.lists(WORDS, min_size=2, max_size=4), min_size=1, max_size=5)


def sheet(text: str, encoding: str = "utf-8") -> Sheet:
    parsed = Sheet.parse(text.encode(encoding))
    assert parsed is not None
    return parsed


@given(st.one_of(st.text(max_size=60), st.text(st.sampled_from('a,"\r\n;'), max_size=40)))
def test_what_is_not_changed_stays_as_it_was(text: str) -> None:
    parsed = Sheet.parse(text.encode())
    assert parsed is None or parsed.changed() == text.encode()


@given(TABLES, st.sampled_from(["\r\n", "\n"]))
def test_it_reads_what_csv_wrote(table: list[list[str]], end: str) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator=end).writerows([["first", "second"], *table])
    rows = [row for row in [["first", "second"], *table] if any(cell.strip() for cell in row)]
    assert [[cell.value for cell in row] for row in sheet(out.getvalue()).rows] == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_one_cell_changes_whatever_the_encoding_and_the_line_ends(encoding: str, end: str) -> None:
    text = end.join(['"Student";ID;01_toy (7)', '"王, 小明"; 1 ;""', "Ann;2;", ""])
    blob = text.encode(encoding)
    parsed = Sheet.parse(blob)
    assert parsed is not None
    assert parsed.head == ["Student", "ID", "01_toy (7)"]
    changed = parsed.changed([(1, 2, "4.5"), (2, 2, "0")])
    assert changed == text.replace('""', "4.5").replace("Ann;2;", "Ann;2;0").encode(encoding)


def test_a_row_goes_with_its_line_and_nothing_else() -> None:
    text = 'a,b\r\n"x\r\ny",1\r\n\r\nz,2'
    assert sheet(text).without(lambda row: row[0] == "x\r\ny") == b"a,b\r\n\r\nz,2"
    assert sheet(text).without(lambda row: row[0] == "z") == b'a,b\r\n"x\r\ny",1\r\n\r\n'
    assert sheet(text).without(lambda row: row[0] == "a") == text.encode()  # never the head


@pytest.mark.parametrize("blob", [b"PK\x03\x04", b"\xff\xfe\xff", b"a\0b", b""])
def test_what_is_no_table_is_refused(blob: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(blob)
    with pytest.raises(ValueError, match="不是 CSV"):
        Sheet.read(path)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", " =1", "\u3000=1"])
def test_a_formula_becomes_text(text: str) -> None:
    assert harmless(text) == "'" + text


def test_other_text_stays() -> None:
    assert [harmless(text) for text in ("", "王", "a=b", "1-2")] == ["", "王", "a=b", "1-2"]
    assert [number(score) for score in (0.0, -0.0, 4.0, 4.5, 10.0, 100 / 3)] == ["0", "0", "4", "4.5", "10", "33.33"]
