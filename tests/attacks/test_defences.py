"""Each defence is needed: without it, the attack that it stands against succeeds, or the sandbox refuses to start.

One defence is taken away at a time. Where nothing changed here, the defence would be ornament, or the attack harmless.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from grader.engine import Run, SandboxPool, SandboxUnavailable, Task, attempt, launch, mounts, seccomp
from tests.attacks.attack import STOLEN, attacks
from tests.attacks.conftest import LIMITS
from tests.engine.conftest import double_job

pytestmark = pytest.mark.sandbox
BY_NAME = {attack.name: attack for attack in attacks()}


def shown(run: Run) -> str:
    return str([output for cell in run.cells for output in cell.outputs if output["output_type"] != "error"])


def attacked(name: str, port: int = 0, **more: Any) -> Run:
    """What an attack comes to in a fresh sandbox, as it can be had at the moment."""
    with SandboxPool(1, LIMITS) as pool:
        return pool.submit_task(Task((BY_NAME[name].cell.replace("{port}", str(port)),), **more)).result(timeout=60)


def without(monkeypatch: pytest.MonkeyPatch, place: str, word: str) -> None:
    words = list(getattr(launch, place))
    assert word in words
    monkeypatch.setattr(launch, place, [w for w in words if w != word])


def test_the_network_is_closed(monkeypatch: pytest.MonkeyPatch, services: int) -> None:
    assert STOLEN not in shown(attacked("connects_to_a_service_on_this_machine", services))
    without(monkeypatch, "_NAMESPACES", "--unshare-net")
    assert STOLEN in shown(attacked("connects_to_a_service_on_this_machine", services))
    assert STOLEN in shown(attacked("connects_to_an_abstract_socket", services))


def test_the_environment_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_SECRET", "s3cret-of-the-grader")
    assert STOLEN not in shown(attacked("reads_the_environment"))
    without(monkeypatch, "_SEALS", "--clearenv")
    assert STOLEN in shown(attacked("reads_the_environment"))


def test_the_gradebook_is_out_of_sight(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file stands for the gradebook: what can be seen could be read."""
    (tmp_path / "classmate.txt").write_text("n31ghbour-of-yours")
    assert STOLEN not in shown(attacked("searches_the_disk_for_classmates"))
    arguments = mounts.arguments
    monkeypatch.setattr(
        mounts,
        "arguments",
        lambda size: [*arguments(size), "--perms", "0755", "--dir", "/var", "--ro-bind", str(tmp_path), "/var/book"],
    )
    tmp_path.chmod(0o755)
    assert STOLEN in shown(attacked("searches_the_disk_for_classmates"))


@pytest.mark.parametrize("name", ["asks_for_a_key", "makes_a_userfaultfd"])
def test_system_calls_are_filtered(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert STOLEN not in shown(attacked(name))
    allow_all = b"\x06\x00\x00\x00\x00\x00\xff\x7f"  # one instruction: return SECCOMP_RET_ALLOW
    monkeypatch.setattr(seccomp, "program", lambda: allow_all)
    assert STOLEN in shown(attacked(name))


@pytest.mark.parametrize(("place", "word"), [("_NAMESPACES", "--unshare-pid"), ("_SEALS", "--as-pid-1")])
def test_a_sandbox_without_its_own_processes_is_refused(monkeypatch: pytest.MonkeyPatch, place: str, word: str) -> None:
    without(monkeypatch, place, word)
    with pytest.raises(SandboxUnavailable):
        attacked("sleeps")


def test_nothing_is_unpickled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The student's process answers with a pickle that runs code where it is loaded."""
    mark = tmp_path / "owned"
    bomb = (
        "import os, pickle\nfrom course_lib.checking import wire\n"
        f"class Bomb:\n    def __reduce__(self): return (os.mkdir, ({str(mark)!r},))\n"
        "wire.pack = lambda *a, **k: pickle.dumps(Bomb())\ndouble = lambda x: 2 * x"
    )

    def answered() -> Run:
        with SandboxPool(1, LIMITS) as pool:
            return pool.submit_task(Task((bomb,), (double_job(1),))).result(timeout=60)

    assert [event.code for event in answered().events] == [] and not mark.exists()
    monkeypatch.setattr(attempt.wire, "unpack", lambda data, *_: pickle.loads(data))
    answered()
    assert mark.exists()
