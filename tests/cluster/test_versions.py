"""What is compared, and what a person is told where it differs."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from grader.cluster import versions as module
from grader.cluster.connection import Connection
from grader.cluster.messages import ClusterError
from grader.cluster.versions import differences, digest, here, versions
from grader.course import Course

ROOT = Path(__file__).resolve().parents[2]


def test_what_is_compared(course: Course) -> None:
    found = versions(course)
    assert found["torch"] == metadata.version("torch")
    assert found["python"] == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert found["course"] == metadata.version("pytorch-course")
    assert "lesson 01_toy" in found and "grader code" in found
    assert "lesson 01_toy" not in versions(None)


def test_a_worker_says_what_it_is_asked_for(at_course: Course) -> None:
    mine = versions(at_course)
    assert here(mine) == mine
    assert here(["torch", "lesson 99_unknown"]) == {"torch": mine["torch"]}
    assert differences(here(mine), mine) == []


@pytest.mark.parametrize("file", ["notebooks/01_toy/01_toy.py", "grader/exercises/toy/double.py"])
def test_a_lesson_is_its_source_and_its_exercises(course: Course, tmp_path: Path, file: str) -> None:
    import shutil

    other = Course(Path(shutil.copytree(course.root, tmp_path / "other")))
    assert versions(other) == versions(course)
    (other.root / file).write_text((other.root / file).read_text() + "\n# more\n")
    assert {name for name in versions(course) if versions(other)[name] != versions(course)[name]} == {"lesson 01_toy"}


def test_code_that_changed_under_a_running_worker(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_START", "old")
    [difference] = differences(here(versions(course).keys() - {"lesson 01_toy"}), versions(None))
    assert "changed since the worker started" in difference.en


def test_in_words() -> None:
    [sentence] = differences({"torch": "2.12.0", "more": "1"}, {"torch": "2.13.0"})
    assert sentence.en == "torch is 2.12.0 there and 2.13.0 here."
    assert sentence.zh == "torch 在那边是 2.12.0，在这里是 2.13.0。"
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"}) != digest({"a": "1", "b": "3"})


def test_without_dask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError) as raised:
        Connection("tcp://127.0.0.1:1")
    assert ".[grader,cluster]" in raised.value.text.en and ".[grader,cluster]" in raised.value.text.zh


def test_a_worker_needs_no_torch_and_a_run_without_a_cluster_no_dask() -> None:
    """A worker's own process stays small: the sandboxes have torch."""
    for program, banned in (
        ("import grader.cluster.worker as w, grader.cluster.versions as v; v.here(v.versions(None))", {"torch"}),
        ("import grader.batch, grader.commands.grade", {"distributed", "dask", "torch"}),
    ):
        test = f"import sys; {program}; sys.exit(bool({banned!r} & set(sys.modules)))"
        assert subprocess.run([sys.executable, "-c", test], cwd=ROOT, check=False).returncode == 0, program
