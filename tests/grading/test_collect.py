"""Submissions are found in every shape, nothing leads out of its place, and every file is accounted for."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from grader import collect as module
from grader.collect import Collected, collect
from grader.naming import safe_id
from grader.reasons import BOMB, BROKEN, LINK, NO_LESSON, NOT_NOTEBOOK, NOTHING, UNSAFE

LESSONS = ["01_toy", "02_more"]


def put(path: Path, text: str = "{}") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def pairs(found: Collected) -> set[tuple[str, str]]:
    return {(s.student, s.lesson) for s in found.submissions}


def refused(found: Collected) -> dict[str, str]:
    return {name: why.en for name, why in found.refused}


def test_nbgraders_tree(tmp_path: Path) -> None:
    put(tmp_path / "submitted/ann/01_toy/01_toy.ipynb", "a")
    put(tmp_path / "submitted/ann/01_toy/timestamp.txt", "2026-03-01 12:00:00 UTC")
    put(tmp_path / "submitted/ann/02_more/02_more.ipynb")
    put(tmp_path / "submitted/bo/01_toy/01_toy.ipynb")
    found = collect(tmp_path, LESSONS)
    assert pairs(found) == {("ann", "01_toy"), ("ann", "02_more"), ("bo", "01_toy")}
    assert found.submissions[0].read() == b"a"
    stamp = found.submissions[0].timestamp
    assert stamp is not None
    assert stamp.isoformat() == "2026-03-01T12:00:00"
    assert found.refused == []
    assert pairs(collect(tmp_path / "submitted", LESSONS, "02_more")) == {("ann", "02_more")}


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("ann_01_toy.ipynb", "ann"),
        ("ann-toy (2).ipynb", "ann"),
        ("group_1_2/01_toy.ipynb", "group_1_2"),
        ("王小明_01_toy.ipynb", "王小明"),
        ("Ann Lee_4711_assignsubmission_file_/01_toy.ipynb", "Ann_Lee"),
        ("Ann Lee_4711_assignsubmission_file_/my work.ipynb", "Ann_Lee"),
        ("leeann_4711_9912_01_toy-1.ipynb", "leeann"),
        ("leeann_late_4711_9912_01_toy.ipynb", "leeann"),
    ],
)
def test_downloads_as_platforms_name_them(tmp_path: Path, path: str, student: str) -> None:
    put(tmp_path / path)
    assert pairs(collect(tmp_path, LESSONS[:1])) == {(student, "01_toy")}


def test_the_lesson_is_read_from_the_checks_where_the_name_says_nothing(tmp_path: Path) -> None:
    put(tmp_path / "ann/homework.ipynb", '{"cells": [{"source": "check(\\"more.forward\\")"}]}')
    put(tmp_path / "bo/homework.ipynb", "{}")
    found = collect(tmp_path, LESSONS)
    assert pairs(found) == {("ann", "02_more")}
    assert refused(found) == {"bo/homework.ipynb": NO_LESSON.format(lesson="01_toy").en}


def test_of_two_files_one_is_graded_and_the_other_is_named(tmp_path: Path) -> None:
    put(tmp_path / "ann/01_toy/01_toy.ipynb", "right name")
    put(tmp_path / "ann/01_toy/01_toy (1).ipynb", "copy")
    found = collect(tmp_path, LESSONS)
    assert [s.read() for s in found.submissions] == [b"right name"]
    assert [name for name, _ in found.superseded] == ["ann/01_toy/01_toy (1).ipynb"]


def test_every_file_is_accounted_for(tmp_path: Path) -> None:
    for name in (
        "ann/01_toy/01_toy.ipynb",
        "bo/notes.pdf",
        "bo/01_toy.ipynb",
        ".DS_Store",
        "c/.ipynb_checkpoints/x.ipynb",
    ):
        put(tmp_path / name)
    (tmp_path / "empty").mkdir()
    found = collect(tmp_path, LESSONS)
    assert pairs(found) == {("ann", "01_toy"), ("bo", "01_toy")}
    assert refused(found) == {"bo/notes.pdf": NOT_NOTEBOOK.en, "empty": NOTHING.en}
    assert {name for name, _ in found.ignored} == {".DS_Store", "c/.ipynb_checkpoints"}


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = put(tmp_path / "secret/01_toy.ipynb", "secret")
    place = tmp_path / "submitted"
    (place / "ann/01_toy").mkdir(parents=True)
    (place / "ann/01_toy/01_toy.ipynb").symlink_to(secret)
    (place / "bo").symlink_to(secret.parent)
    found = collect(place, LESSONS)
    assert found.submissions == []
    assert set(refused(found).values()) == {LINK.en}


def archive(path: Path, members: dict[str, bytes], link: str | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
        if link is not None:
            info = zipfile.ZipInfo(link)
            info.external_attr = 0o120777 << 16
            made.writestr(info, "/etc/passwd")
    return path


def test_a_zip_of_a_class(tmp_path: Path) -> None:
    members = {"submitted/ann/01_toy/01_toy.ipynb": b"a", "submitted/bo/01_toy/01_toy.ipynb": b"b"}
    found = collect(archive(tmp_path / "class.zip", members), LESSONS)
    assert pairs(found) == {("ann", "01_toy"), ("bo", "01_toy")}
    assert sorted(s.read() for s in found.submissions) == [b"a", b"b"]


def test_a_folder_of_zips(tmp_path: Path) -> None:
    archive(tmp_path / "ann.zip", {"01_toy.ipynb": b"a"})
    archive(tmp_path / "bo.zip", {"work/01_toy.ipynb": b"b"})
    assert pairs(collect(tmp_path, LESSONS)) == {("ann", "01_toy"), ("bo", "01_toy")}


def test_tricks_in_zips_are_refused(tmp_path: Path) -> None:
    members = {
        "../../01_toy.ipynb": b"x",
        "/etc/01_toy.ipynb": b"x",
        "C:\\01_toy.ipynb": b"x",
        "inner.zip": b"x",
        "ann/01_toy.ipynb": b"good",
    }
    found = collect(archive(tmp_path / "class.zip", members, link="bo/01_toy.ipynb"), LESSONS)
    assert pairs(found) == {("ann", "01_toy")}
    assert sorted(refused(found).values()) == sorted([UNSAFE.en] * 3 + [BROKEN.en, LINK.en])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["class.zip"]


def test_zip_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_UNPACKED", 10_000)
    found = collect(archive(tmp_path / "class.zip", {"ann_01_toy.ipynb": b"0" * 20_000}), LESSONS)
    assert found.submissions == []
    assert BOMB.format(most=0).en in refused(found)["class.zip"]


def test_a_size_that_lies_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    found = collect(archive(tmp_path / "class.zip", {"ann_01_toy.ipynb": b"0" * 10**6}), LESSONS)
    assert len(found.submissions[0].read()) == 1001


def test_a_broken_zip_in_a_folder_is_said(tmp_path: Path) -> None:
    whole = archive(tmp_path / "ann.zip", {"01_toy.ipynb": b"a" * 500}).read_bytes()
    (tmp_path / "ann.zip").write_bytes(b"\0" * 40 + whole[40:])
    (tmp_path / "bo.zip").write_bytes(whole[:-8])
    found = collect(tmp_path, LESSONS)
    assert found.submissions == [] or found.submissions[0].student == "ann"
    assert refused(found)["bo.zip"] in (BROKEN.en, NOT_NOTEBOOK.en)


@pytest.mark.parametrize("name", ["../x", "a/b", "a\\b", ".hidden", "<script>", "a[1]*", "x" * 300, "", "a\nb"])
def test_ids_are_fit_for_paths_and_pages(name: str) -> None:
    safe = safe_id(name)
    assert 0 < len(safe) <= 107
    assert not set(safe) & set("/\\<>[]*?\n\"'&")
    assert not safe.startswith(".")


def test_two_names_do_not_become_one() -> None:
    assert len({safe_id(name) for name in ("a/b", "a\\b", "a_b", "a:b")}) == 4
