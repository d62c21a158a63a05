"""A bundle that a student works in, brought up to date and into other languages by the commands that they have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from course_lib import language as language_command
from course_lib import update as update_command
from course_lib.progress import table
from course_lib.text import LANGUAGES, current_language
from course_lib.updating import writing
from course_lib.updating.bundles import read_bundle, record_of
from course_lib.updating.given import read as read_given
from course_lib.updating.opened import as_bytes, open_notebook
from course_lib.updating.planning import plan
from course_lib.updating.writing import carry_out
from grader.collect import collect
from grader.comments import has_cjk
from grader.course import Course
from grader.lesson import Lesson, read_lesson
from grader.release import compose, write
from tests.authoring.test_build import put_down
from tests.authoring.tiny import ROOT, Tiny

NOTEBOOK = "notebooks/01_tiny/01_tiny.ipynb"
ANSWER = "def double(x):\n    return x + x  # 我的答案"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COURSE_LANG", "NBGRADER_EXECUTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("course_lib.text._chosen", None)


@pytest.fixture
def old(full: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The English bundle with a student at work in it."""
    put_down(full)
    place = tmp_path / "course of mine"
    write(compose(full.course, [full.lesson()], "en"), place)
    solve(place)
    (place / "progress.jsonl").write_text('{"time": "now"}\n', encoding="utf-8")
    (place / "notebooks" / "01_tiny" / "thoughts.md").write_text("mine", encoding="utf-8")
    monkeypatch.chdir(place / "notebooks" / "01_tiny")
    return place


@pytest.fixture
def new(full: Tiny, old: Path, tmp_path: Path) -> Path:
    """The next release, in Chinese: other prose, another stub, another check, one cell more."""
    full.edit("Two lines, 5 minutes.", "Two lines, 7 minutes.")
    full.edit("两行代码，5 分钟。", "两行代码，7 分钟。")
    full.edit('"""x: a number -> twice', '"""x: any number -> twice')
    full.edit('check("tiny.double")', '# run me | 运行\ncheck("tiny.double")')
    text = full.source.read_text(encoding="utf-8")
    full.source.write_text(text + '\n# %% id="extra"\nprint("extra")\n', encoding="utf-8")
    full.accept_all()
    put_down(full)
    place = tmp_path / "new"
    write(compose(full.course, [full.lesson()], "zh"), place)
    return place


def solve(place: Path, answer: str = ANSWER) -> None:
    notebook = open_notebook((place / NOTEBOOK).read_bytes())
    for cell in notebook["cells"]:
        if cell["id"] == "double":
            cell["source"] = answer
    notebook["cells"].append(
        {"cell_type": "code", "id": "5f3a", "metadata": {}, "source": "my_own = 1", "outputs": [], "execution_count": 1}
    )
    (place / NOTEBOOK).write_bytes(as_bytes(notebook))


def texts(place: Path, name: str = NOTEBOOK) -> dict[str, str]:
    return {cell["id"]: cell["source"] for cell in open_notebook((place / name).read_bytes())["cells"]}


def files(place: Path) -> dict[str, bytes]:
    """Everything but backups."""
    found = {path.relative_to(place).as_posix(): path for path in place.rglob("*") if path.is_file()}
    return {n: p.read_bytes() for n, p in found.items() if "__pycache__" not in n and not n.startswith("backups/")}


def here(old: Path, new: Path, *more: str) -> int:
    """The command as the newer release runs it, in this process."""
    return update_command.main([str(new), "--here", "--into", str(old), *more])


# The whole command, as a student types it


def test_update_from_a_zip_keeps_the_work_and_says_what_changed(old: Path, new: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "release.zip", "w") as archive:
        for name, content in files(new).items():
            archive.writestr(f"课程 v2/{name}", content)
    before = files(old)
    command = [sys.executable, "-m", "course_lib", "update", str(tmp_path / "release.zip")]
    environment = os.environ | {"PYTHONPATH": str(old)}

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *more], capture_output=True, text=True, env=environment, encoding="utf-8")

    dry = run("--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert "Nothing was written" in dry.stdout and files(old) == before and not (old / "backups").exists()
    done = run()
    assert done.returncode == 0, done.stderr
    assert "01_tiny: 2 corrected, 1 new, both versions kept: double" in done.stdout
    assert "Reload Notebook from Disk" in done.stdout and not has_cjk(done.stdout.replace("课程 v2", ""))
    now = texts(old)
    assert now["double"] == ANSWER and now["5f3a"] == "my_own = 1"
    assert "any number" in now["new-double"] and now["double-check"].startswith("# run me")
    assert "7 minutes" in now["card-en"] and now["extra"] == 'print("extra")'
    (backup,) = (old / "backups").iterdir()
    assert str(backup) in done.stdout
    assert (backup / NOTEBOOK).read_bytes() == before[NOTEBOOK]
    assert (old / "progress.jsonl").read_bytes() == before["progress.jsonl"]
    assert (old / "notebooks/01_tiny/thoughts.md").read_text(encoding="utf-8") == "mine"
    after = files(old)
    again = run()
    assert again.returncode == 0 and "Nothing to do" in again.stdout
    assert files(old) == after and len(list((old / "backups").iterdir())) == 1


def test_an_untouched_bundle_becomes_the_release_byte_for_byte(full: Tiny, old: Path, new: Path) -> None:
    write(compose(full.course, [full.lesson()], "zh"), old, force=True)
    assert here(old, new) == 0
    assert set(files(old)) - set(files(new)) == {"progress.jsonl", "notebooks/01_tiny/thoughts.md"}
    assert {name: content for name, content in files(old).items() if name in files(new)} == files(new)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda old, new: old, "is the course's own folder"),
        (lambda old, new: old / "nowhere", "is no bundle"),
        (lambda old, new: old / "course_lib", "is no bundle"),
        (lambda old, new: damaged(new, "course_lib/text.py"), "course_lib/text.py is missing or was changed"),
        (lambda old, new: damaged(new, "course_lib/released/01_tiny.json"), "released/01_tiny.json is missing"),
        (lambda old, new: damaged(new, "course.json"), "is no bundle"),
        (lambda old, new: zipped(old.parent / "a.zip", {"../evil.txt": b""}), "write outside its folder (../evil.txt)"),
        (lambda old, new: zipped(old.parent / "a.zip", {"C:\\evil.txt": b""}), "write outside its folder"),
        (lambda old, new: zipped(old.parent / "a.zip", {"a/readme.txt": b""}), "is no bundle"),
        (lambda old, new: broken(zipped(old.parent / "a.zip", files(new))), "it is damaged"),
    ],
)
def test_what_is_no_newer_release_is_refused(
    old: Path, new: Path, make: Callable[[Path, Path], Path], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(old)
    place = make(old, new)
    before |= {name: content for name, content in files(old).items() if name not in before}
    run_here = place.is_dir() and place == new
    code = here(old, place) if run_here else update_command.main([str(place)])
    assert code == 1 and says in capsys.readouterr().out
    assert files(old) == before and not (old.parent / "evil.txt").exists()


def damaged(new: Path, name: str) -> Path:
    (new / name).write_bytes((new / name).read_bytes()[:-20])
    return new


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def broken(path: Path) -> Path:
    blob = bytearray(path.read_bytes())
    blob[len(blob) // 3] ^= 255
    path.write_bytes(blob)
    return path


def test_an_older_release_needs_force(old: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = json.loads((old / "course.json").read_text(encoding="utf-8"))
    (old / "course.json").write_text(json.dumps(manifest | {"version": "0.10.0"}), encoding="utf-8")
    assert here(old, new) == 1 and "older than yours (0.10.0)" in capsys.readouterr().out
    assert here(old, new, "--force") == 0 and texts(old)["double"] == ANSWER


def test_a_notebook_that_cannot_be_read_is_named_and_the_rest_goes_on(
    old: Path, new: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = (old / NOTEBOOK).read_bytes()
    for blob, says in (
        (whole[:-30], "it is not valid JSON"),
        (b'{"cells": []}', "it is not a notebook of nbformat 4"),
        (whole.replace(b'"cell_type": "markdown"', b'"cell_type": "?"', 1), "its cell 1 cannot be read"),
    ):
        (old / NOTEBOOK).write_bytes(blob)
        assert here(old, new, "--lang", "both") == 1
        said = capsys.readouterr().out
        assert f"✗ {NOTEBOOK}: {says}" in said and f"✗ {NOTEBOOK}：" in said
        assert (old / NOTEBOOK).read_bytes() == blob
        assert (old / "course.json").read_bytes() != b"" and read_bundle(old).language == "en"
    # Mended later, it still knows what it was made from: from the backup.
    (old / NOTEBOOK).write_bytes(whole)
    assert here(old, new) == 0
    assert "both versions kept: double" in capsys.readouterr().out and "7 minutes" in texts(old)["card-en"]


def test_a_missing_or_renamed_notebook(old: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = (old / NOTEBOOK).with_name("mine.ipynb")
    (old / NOTEBOOK).rename(mine)
    before = mine.read_bytes()
    assert here(old, new) == 0
    said = capsys.readouterr().out
    assert "notebooks/01_tiny/mine.ipynb was left as it is: only 01_tiny.ipynb" in said
    assert mine.read_bytes() == before and "7 minutes" in texts(old)["card-en"]


def test_other_files_that_were_changed_are_kept_beside(
    old: Path, new: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (old / "README.md").write_text("my notes", encoding="utf-8")
    assert here(old, new) == 0
    assert "You had changed README.md; your version is now README.md.yours" in capsys.readouterr().out
    assert (old / "README.md.yours").read_text(encoding="utf-8") == "my notes"
    assert (old / "README.md").read_text(encoding="utf-8").startswith("# PyTorch")


def test_what_left_the_course(full: Tiny, old: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = json.loads((old / "course.json").read_text(encoding="utf-8"))
    manifest["lessons"].append("00_gone")
    gone = ("course_lib/old.py", "notebooks/00_gone/00_gone.ipynb", "course_lib/packs/gone/a.safetensors", "mine.py")
    for name in gone:
        (old / name).parent.mkdir(parents=True, exist_ok=True)
        (old / name).write_bytes(b"")
        manifest["files"][name] = "0" * 64 if name == "mine.py" else EMPTY
    (old / "course.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert here(old, new) == 0
    said = capsys.readouterr().out
    assert "00_gone is not in the new release" in said and "mine.py is no longer part" in said
    assert [name for name in gone if not (old / name).exists()] == ["course_lib/old.py"]


EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of nothing


def test_a_bundle_from_before_there_were_updates(old: Path, new: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It holds no base: what differs is kept, and an untouched notebook is simply replaced."""
    manifest = json.loads((old / "course.json").read_text(encoding="utf-8"))
    for name in [name for name in manifest["files"] if name.startswith("course_lib/released/")]:
        (old / name).unlink()
        del manifest["files"][name]
    for name in (NOTEBOOK, "START.ipynb"):
        notebook = open_notebook((old / name).read_bytes())
        notebook["metadata"]["course"].pop("given")
        (old / name).write_bytes(as_bytes(notebook))
    (old / "course.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert here(old, new) == 0
    assert f"{NOTEBOOK}: what it was made from is not known" in capsys.readouterr().out
    now = texts(old)
    assert now["double"] == ANSWER and "5 minutes" in now["card-en"] and "7 minutes" in now["new-card-en"]
    assert now["double-check"].startswith("# run me") and "kept-double-check" not in now
    after = files(old)
    assert here(old, new) == 0 and files(old) == after


# Cut off


def test_cut_off_anywhere_the_same_command_goes_on(
    old: Path, new: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(old)
    total = len(plan(read_bundle(old), read_bundle(new), "en").changes)
    assert here(old, new) == 0
    wanted = files(old)
    put = writing._put
    for limit in range(2 * total):
        place = tmp_path / f"cut{limit}"
        for name, content in before.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
        left = limit

        def full_disk(path: Path, content: bytes, executable: bool = False) -> None:
            nonlocal left
            if left == 0:
                raise OSError(28, "No space left on device")
            left -= 1
            put(path, content, executable)

        monkeypatch.setattr(writing, "_put", full_disk)
        code = here(place, new)
        said = capsys.readouterr().out
        monkeypatch.setattr(writing, "_put", put)
        now = files(place)
        assert all(now[name] in (before[name], wanted.get(name)) for name in before)
        if code:
            assert "No space left on device" in said
            assert here(place, new) == 0
        assert files(place) == wanted


def test_a_write_that_fails_leaves_the_old_file_whole(old: Path, new: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (old / NOTEBOOK).read_bytes()

    def fails(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, "fsync", fails)
    assert here(old, new) == 1
    assert (old / NOTEBOOK).read_bytes() == before and not list(old.rglob("*.part"))


def test_a_notebook_saved_at_that_very_moment_is_not_overwritten(old: Path, new: Path) -> None:
    made = plan(read_bundle(old), read_bundle(new), "en")
    (old / NOTEBOOK).write_text("saved by JupyterLab", encoding="utf-8")
    with pytest.raises(writing.Stopped, match="changed in this very moment"):
        carry_out(made)
    assert (old / NOTEBOOK).read_text(encoding="utf-8") == "saved by JupyterLab"


# Languages


@cache
def lessons() -> list[Lesson]:
    return [read_lesson(ref.source) for ref in Course(ROOT).lessons()]


@cache
def whole_course(language: str) -> dict[str, bytes]:
    return compose(Course(ROOT), lessons(), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_lesson_in_another_language_is_the_release_byte_for_byte(language: str, tmp_path: Path) -> None:
    write(whole_course(language), tmp_path)
    for wanted in [*(side for side in LANGUAGES if side != language), language]:
        bundle = read_bundle(tmp_path)
        carry_out(plan(bundle, bundle, wanted))
        now = files(tmp_path)
        assert [name for name, content in whole_course(wanted).items() if now.get(name) != content] == []
        assert set(now) == set(whole_course(wanted))


def test_the_record_of_what_was_given_is_the_same_in_all_languages() -> None:
    records = [
        {name: content for name, content in whole_course(language).items() if "/released/" in name}
        for language in LANGUAGES
    ]
    assert records[0] == records[1] == records[2] and len(records[0]) == len(Course(ROOT).lessons()) + 2


def test_a_switch_keeps_the_work_and_all_that_speaks_follows(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = files(old)
    assert current_language() == "en" and "language-pack" not in (old / "requirements.txt").read_text(encoding="utf-8")
    assert language_command.main([]) == 0 and capsys.readouterr().out == "This course is in: en\n"
    assert language_command.main(["zh"]) == 0
    said = capsys.readouterr().out
    assert "01_tiny：语言已切换，保留你的内容 1 处" in said and "输出已清空" in said and "重新启动课程" in said
    now = texts(old)
    assert now["double"] == ANSWER and now["5f3a"] == "my_own = 1"
    assert "card-zh" in now and "card-en" not in now
    assert current_language() == "zh" and "language-pack" in (old / "requirements.txt").read_text(encoding="utf-8")
    assert "从零学" in (old / "README.md").read_text(encoding="utf-8")
    assert language_command.main(["zh"]) == 0 and "无需更新" in capsys.readouterr().out
    assert language_command.main(["en"]) == 0
    assert files(old) == first


def test_a_switch_says_what_goes_before_it(
    old: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COURSE_LANG", "en")
    assert language_command.main(["zh"]) == 0
    assert "COURSE_LANG" in capsys.readouterr().out


def test_an_update_comes_in_the_students_language(old: Path, new: Path) -> None:
    language_command.main(["both"])
    assert here(old, new) == 0
    now = texts(old)
    assert "7 minutes" in now["card-en"] and "7 分钟" in now["card-zh"]
    assert read_bundle(old).language == "both" and read_bundle(new).language == "zh"


@pytest.mark.parametrize("command", [update_command.main, language_command.main])
def test_outside_a_course_and_wrong_use(
    command: Callable[[list[str]], int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(["en"]) == 1
    with pytest.raises(SystemExit) as ended:
        command(["--no-such-option"])
    assert ended.value.code == 2


def test_a_lesson_a_week_each_in_a_bundle_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = lessons()[:2]
    write(compose(Course(ROOT), [first], "en"), tmp_path / "old")
    write(compose(Course(ROOT), [second], "both"), tmp_path / "new")
    assert here(tmp_path / "old", tmp_path / "new") == 0
    assert [row.id for row in table(tmp_path / "old")] == [first.ref.id, second.ref.id]
    monkeypatch.chdir(tmp_path / "old")
    assert language_command.main(["zh"]) == 0
    for lesson in (first, second):
        name = f"notebooks/{lesson.ref.id}/{lesson.ref.id}.ipynb"
        assert (tmp_path / "old" / name).read_bytes() == compose(Course(ROOT), [lesson], "zh")[name]
    after = files(tmp_path / "old")
    assert here(tmp_path / "old", tmp_path / "new") == 0 and files(tmp_path / "old") == after


# What the grader makes of it


def test_backups_are_not_handed_in(old: Path, new: Path) -> None:
    assert here(old, new) == 0
    found = collect(old.parent, ["01_tiny"])
    names = [name for name, _ in (*found.superseded, *found.refused)]
    assert not any("backups/" in name for name in names)
    assert any("backups/" in name for name, _ in found.ignored)


def test_nothing_of_a_solution_is_in_the_record(new: Path) -> None:
    record = (new / record_of(NOTEBOOK)).read_bytes()
    assert b"twofold_secret" not in record and b"BEGIN SOLUTION" not in record
    assert {"double", "double-check", "why"} <= set(read_given(record).by_id)


def solved_and_updated(name: str, place: Path) -> bytes:
    """A real lesson solved in an older release of it, and brought up to date by the command's own plan."""
    from grader.reference import load_exercises

    lesson = read_lesson(Course(ROOT).lesson(name).source)
    write(compose(Course(ROOT), [lesson], "en"), place / "new")
    write(compose(Course(ROOT), [lesson], "zh"), place / "old")
    path = f"notebooks/{name}/{name}.ipynb"
    older(place / "old", name, [c.id for c in lesson.cells if {"solution", "check"} & set(c.tags)][:4])
    notebook = open_notebook((place / "old" / path).read_bytes())
    exercises = load_exercises(lesson)
    for cell in notebook["cells"]:
        if cell["id"] in exercises:
            cell["source"] = exercises[cell["id"]].right[0].source
    notebook["cells"].insert(3, {"cell_type": "markdown", "id": "5f3b", "metadata": {}, "source": "我的笔记"})
    (place / "old" / path).write_bytes(as_bytes(notebook))
    assert here(place / "old", place / "new") == 0
    assert "我的笔记" in texts(place / "old", path).values()
    return (place / "old" / path).read_bytes()


def older(place: Path, name: str, changed: list[str]) -> None:
    """Makes a bundle one of an older release: other prose, stubs and checks, one exercise's prose not there yet."""
    from dataclasses import replace

    from course_lib.updating import given
    from course_lib.updating.bundles import digest_of, manifest_bytes, rendered

    record = place / record_of(name)
    now = read_given(record.read_bytes())
    dropped = {cell.id for cell in now.cells if not cell.counts}
    dropped = set(sorted(dropped)[:2])
    cells = tuple(
        replace(cell, texts={side: f"{text}\n# older" for side, text in cell.texts.items()})
        if cell.id in changed or cell.kind == "markdown" else cell
        for cell in now.cells if cell.id not in dropped
    )  # fmt: skip
    record.write_bytes(given.as_bytes(replace(now, cells=cells)))
    bundle = read_bundle(place)
    (place / "course.json").write_bytes(
        manifest_bytes({**bundle.manifest, "files": bundle.files | {record_of(name): digest_of(record.read_bytes())}})
    )
    for path, content in rendered(read_bundle(place), "zh").items():
        (place / path).write_bytes(content)


@pytest.mark.parametrize("name", ["02_tensors", "05_engine"])
def test_an_updated_notebook_is_one_that_the_grader_knows(name: str, tmp_path: Path) -> None:
    from grader.opening import open_notebook as opened_by_the_grader
    from grader.released import released_lesson
    from grader.repair import repair

    released = released_lesson(read_lesson(Course(ROOT).lesson(name).source))
    repaired = repair(opened_by_the_grader(solved_and_updated(name, tmp_path)), released)
    assert repaired.notes == () and not repaired.unanswered and not repaired.again
    marks = [cell.metadata.nbgrader.grade_id for cell in repaired.notebook.cells if "nbgrader" in cell.metadata]
    assert marks == [key for key, slot in released.slots.items() if slot.kind != "setup"]


@pytest.mark.sandbox
def test_an_updated_notebook_earns_full_marks(tmp_path: Path) -> None:
    from grader import grade

    result = grade(solved_and_updated("02_tensors", tmp_path), "02_tensors")
    assert result.problem is None and result.score == result.max_score > 0
