"""Root runs the attacks once more as an ordinary user, whose sandbox is made another way (launch.py)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.engine.launch import unused_id
from grader.engine.mounts import visible

ROOT = Path(__file__).resolve().parents[2]
FILES = (
    "engine/test_reach.py",
    "engine/test_channel.py",
    "attacks/test_attacks.py",
    pytest.param("engine/test_cells_that_end.py", marks=pytest.mark.long),
)


@pytest.mark.sandbox
@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs the attacks as one already")
@pytest.mark.parametrize("file", FILES)
def test_attacks_as_an_ordinary_user(file: str) -> None:
    """Python may lie in a home folder that only root can read; it is shown at the same path below a fresh one."""
    user = unused_id()
    command = ["bwrap", "--dev-bind", "/", "/", "--perms", "1777", "--tmpfs", "/tmp", "--cap-add", "ALL"]
    for closed in sorted({p for path in visible() for p in path.parents if not p.stat().st_mode & 1}):
        command += ["--perms", "0755", "--tmpfs", str(closed)]
    for path in (*visible(), ROOT):  # a clone below /tmp is hidden by now, too
        for parent in reversed(path.parents[:-1]):
            command += ["--perms", "0755", "--dir", str(parent)]
        command += ["--ro-bind", str(path), str(path)]
    command += ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs"]
    command += ["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--"]
    command += [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", "-m", "sandbox"]
    command.append(str(ROOT / "tests" / file))
    environment = {"HOME": "/tmp", "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    assert shutil.which("setpriv") is not None
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=400, check=False)
    assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
    assert " passed" in ended.stdout and "skipped" not in ended.stdout
