"""Laying out the lessons never touches a student's work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from grader.lab import lay_out


def release(folder: Path, words: str) -> Path:
    (folder / "notebooks/01_a").mkdir(parents=True, exist_ok=True)
    (folder / "notebooks/01_a/01_a.ipynb").write_text(words, encoding="utf-8")
    (folder / "course.json").write_text(words, encoding="utf-8")
    return folder


def test_a_first_copy_is_whole(tmp_path: Path) -> None:
    laid = lay_out(release(tmp_path / "release", "one"), tmp_path / "work")
    assert len(laid.copied) == 2 and not laid.kept
    assert (tmp_path / "work/notebooks/01_a/01_a.ipynb").read_text() == "one"


def test_edits_survive_and_the_rest_is_brought_up_to_date(tmp_path: Path) -> None:
    work = tmp_path / "work"
    lay_out(release(tmp_path / "release", "one"), work)
    mine = work / "notebooks/01_a/01_a.ipynb"
    mine.write_text("my answers")
    laid = lay_out(release(tmp_path / "release", "two"), work)
    assert mine.read_text() == "my answers"
    assert [str(p) for p in laid.kept] == ["notebooks/01_a/01_a.ipynb"]
    assert (work / "course.json").read_text() == "two"


def test_nothing_is_done_twice(tmp_path: Path) -> None:
    lay_out(release(tmp_path / "release", "one"), tmp_path / "work")
    assert lay_out(tmp_path / "release", tmp_path / "work").copied == ()


def test_the_command_brings_a_former_copy_up_to_date_and_keeps_what_was_written(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "grader.cli", "lab", str(tmp_path / "work"), "--prepare", "--lang"]
    first = subprocess.run([*command, "en"], capture_output=True, text=True, check=True)
    assert "files copied" in first.stdout and "/tmp/tmp" not in first.stdout
    edited, unreadable = sorted((tmp_path / "work/notebooks").glob("*/*.ipynb"))[:2]
    notebook = json.loads(edited.read_text(encoding="utf-8"))
    notebook["cells"][0]["source"] += ["\nmy thoughts"]
    edited.write_text(json.dumps(notebook), encoding="utf-8")
    unreadable.write_text("my answers")
    again = subprocess.run([*command, "zh"], capture_output=True, text=True, check=True)
    assert "my thoughts" in edited.read_text(encoding="utf-8") and unreadable.read_text() == "my answers"
    assert f"{edited.stem}：语言已切换，保留你的内容 1 处" in again.stdout
    assert f"✗ notebooks/{unreadable.stem}/{unreadable.name}" in again.stdout and "/tmp/tmp" not in again.stdout
