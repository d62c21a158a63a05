"""Starts the warm process: inside bubblewrap, or without it.

An ordinary user gets a user namespace. Real root gets none: root's Python may lie where nobody else can read (a home
folder), so bubblewrap mounts as root and setpriv then gives up everything, to a user id that nobody has. Either way
the process is the first of its pid namespace, holds no capability and cannot gain one; ``check`` proves it from
outside, and nothing runs before it has.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import pwd
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Literal

import psutil

import course_lib
from course_lib.text import Text
from grader.engine import accelerators, mounts, seccomp
from grader.engine.accelerators import Accelerator
from grader.engine.limits import Limits

Isolation = Literal["bubblewrap", "none"]

_BOOT = (
    "import sys,importlib.util as u;_,folder,course,paths,settings=sys.argv;"
    "sys.path[:0]=[course];sys.path+=[p for p in paths.split(':') if p and p not in sys.path];"
    "s=u.spec_from_file_location('_engine',folder+'/__init__.py',submodule_search_locations=[folder]);"
    "m=u.module_from_spec(s);sys.modules['_engine']=m;s.loader.exec_module(m);"
    "from _engine.worker import main;sys.argv=[''];main(settings)"
)
_NAMESPACES = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
_SEALS = [
    "--as-pid-1",
    "--cap-drop",
    "ALL",
    "--new-session",
    "--die-with-parent",
    "--clearenv",
    "--hostname",
    "sandbox",
]
_UNUSED_IDS = range(61184, 65000)  # where systemd, too, takes ids for passing use

_UNPROTECTED = Text(
    en="Without the sandbox, student code could read this course's solutions, the gradebook and your files, use the "
    "network and change other submissions. Install bubblewrap (Debian, Ubuntu: apt install bubblewrap) or, for code "
    "that you trust, say --isolation none.",
    zh="没有沙箱时，学生代码可以读取本课程的答案、成绩册和你的文件，使用网络，并改动其他人的作业。请安装 bubblewrap"
    "（Debian、Ubuntu：apt install bubblewrap）；若你信任这些代码，也可使用 --isolation none。",
)


class SandboxUnavailable(RuntimeError):
    """The sandbox cannot be had on this machine. ``text`` says why and what would be unprotected, in both languages."""

    def __init__(self, reason: str) -> None:
        self.text = Text(
            en=f"The sandbox cannot be started: {reason}\n{_UNPROTECTED.en}",
            zh=f"无法启动沙箱：{reason}\n{_UNPROTECTED.zh}",
        )
        super().__init__(str(self.text))


def require(isolation: Isolation) -> None:
    """Raises SandboxUnavailable, in milliseconds, unless bubblewrap can make the namespaces that are needed."""
    if isolation == "none":
        return
    if sys.platform != "linux":
        raise SandboxUnavailable(f"bubblewrap is for Linux, and this is {sys.platform}")
    needed = ["bwrap"] + (["setpriv"] if os.geteuid() == 0 else [])
    for program in needed:
        if shutil.which(program) is None:
            raise SandboxUnavailable(f"the program {program} is not installed")
    try:
        seccomp.program()
    except NotImplementedError as error:
        raise SandboxUnavailable(str(error)) from None
    trial = ["bwrap", *_namespaces(), "--cap-drop", "ALL", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    trial += ["--perms", "1777", "--size", "4096", "--tmpfs", "/dev/shm", "true"]  # noqa: S108
    ended = subprocess.run(trial, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if ended.returncode:
        raise SandboxUnavailable(f"bwrap: {ended.stderr.strip()[:500] or f'exit {ended.returncode}'}")


class Launched:
    """A started warm process. ``pid`` is its own id seen from outside, ``process`` the one that was launched."""

    def __init__(self, process: subprocess.Popen[bytes], log: IO[bytes], folder: Path | None) -> None:
        self.process, self.log, self.folder = process, log, folder
        self.pid = process.pid

    def words(self) -> str:
        """The end of what the process said on stdout and stderr, for an error message."""
        self.log.seek(0)
        return self.log.read(20_000).decode(errors="replace").strip()[-800:]

    def kill(self) -> None:
        """Ends it and with it everything inside; returns when nothing is left."""
        family = [] if self.folder is None else _descendants(self.process.pid)
        # The warm process first: bubblewrap then collects it and ends by itself.
        for pid in (*family, self.pid):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def launch(
    isolation: Isolation, limits: Limits, control: int, warmup: tuple[str, ...], accelerator: Accelerator | None = None
) -> Launched:
    """Starts the warm process with its end of the control connection. Raises SandboxUnavailable.

    accelerator: the one that the submissions may use. The warm process itself must not touch it: a fork cannot go on
    with what its parent has begun on a GPU.
    """
    settings: dict[str, Any] = {"control": control, "alone": isolation != "none", "warmup": list(warmup)}
    settings["accelerator"] = accelerator is not None
    more = dict(accelerator.environment) if accelerator is not None else {}
    log = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process is
    if isolation == "none":
        folder = Path(tempfile.mkdtemp(prefix="grader-"))
        (folder / "tmp").mkdir()
        (folder / "home").mkdir()
        settings["folders"] = [str(folder / "home"), str(folder / "tmp")]
        inside, course = Path(__file__).parent / "inside", Path(course_lib.__file__).parents[1]
        command = _python(sys.executable, mounts.package_folders(), str(inside), str(course), settings)
        environment = mounts.environment(str(folder / "home"), str(folder / "tmp")) | more
        return Launched(_start(command, log, [control], env=environment), log, folder)

    settings["folders"] = list(mounts.SCRATCH)
    uid, gid, drop = os.getuid(), os.getgid(), []
    if os.geteuid() == 0:
        uid = gid = unused_id()
        drop = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs"]
        drop += ["--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--"]
    info_read, info_write = os.pipe()
    files = {"/etc/passwd": f"student:x:{uid}:{gid}::{mounts.HOME}:/bin/sh\n", "/etc/group": f"student:x:{gid}:\n"}
    files |= {
        "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
        "/etc/nsswitch.conf": "passwd: files\nhosts: files\n",
    }
    descriptors = [control, info_write, _in_memory(seccomp.program())]
    command = ["bwrap", *_namespaces(), *_SEALS, "--info-fd", str(info_write), "--seccomp", str(descriptors[2])]
    if drop:
        command += [word for name in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{name}")]
    command += mounts.arguments(limits.scratch_bytes) + accelerators.arguments(accelerator)
    for path, text in files.items():
        descriptors.append(_in_memory(text.encode()))
        command += ["--perms", "0444", "--ro-bind-data", str(descriptors[-1]), path]
    command += mounts.closing()
    command += [word for pair in (mounts.environment() | more).items() for word in ("--setenv", *pair)]
    packages = [mounts.placed(folder) for folder in mounts.package_folders()]
    command += [*drop, *_python(str(mounts.interpreter()), packages, mounts.ENGINE, mounts.COURSE, settings)]
    try:
        launched = Launched(_start(command, log, descriptors), log, None)
    finally:
        for descriptor in descriptors[1:]:
            os.close(descriptor)
    with os.fdopen(info_read) as info:
        text = info.read()
    if not text:
        launched.process.wait()
        words = launched.words()
        launched.log.close()
        raise SandboxUnavailable(f"bwrap: {words}")
    launched.pid = int(json.loads(text)["child-pid"])
    return launched


def check(launched: Launched) -> None:
    """Reads from outside that the warm process has no privilege left. Raises SandboxUnavailable otherwise."""
    lines = Path(f"/proc/{launched.pid}/status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    wanted = {
        "not root": "0" not in status["Uid"].split() + status["Gid"].split(),
        "no capabilities": all(int(status[name], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")),
        "no new privileges": status["NoNewPrivs"] == "1",
        "a system-call filter": status["Seccomp"] == "2",
        "its own processes only": status["NSpid"].split()[-1] == "1",
    }
    if missing := [name for name, holds in wanted.items() if not holds]:
        raise SandboxUnavailable(f"it started, but without: {', '.join(missing)}")


def unused_id() -> int:
    """A user id that no account and no process has."""
    taken = {user.pw_uid for user in pwd.getpwall()}
    for process in psutil.process_iter(["uids"]):
        taken.update(process.info["uids"] or ())
    return random.choice([n for n in _UNUSED_IDS if n not in taken])  # noqa: S311 - it only has to be free


def other_processes(isolation: Isolation) -> int:
    """What RLIMIT_NPROC counts besides the sandbox's own: before Linux 5.14 it counts across user namespaces."""
    release = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2] if part.isdigit())
    if isolation == "bubblewrap" and (os.geteuid() == 0 or release >= (5, 14)):
        return 0
    mine = os.getuid()
    found = (p.info for p in psutil.process_iter(["uids", "num_threads"]))
    return sum(i["num_threads"] or 1 for i in found if i["uids"] and i["uids"].real == mine)


def _namespaces() -> list[str]:
    return _NAMESPACES if os.geteuid() == 0 else ["--unshare-user", *_NAMESPACES]


def _python(program: str, packages: list[Path], engine: str, course: str, settings: dict[str, Any]) -> list[str]:
    paths = ":".join(map(str, packages))
    return [program, "-I", "-B", "-c", _BOOT, engine, course, paths, json.dumps(settings)]


def _start(
    command: list[str], log: IO[bytes], descriptors: list[int], env: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    popen: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen
    return popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=descriptors, env=env, start_new_session=True
    )


def _in_memory(data: bytes) -> int:
    descriptor = os.memfd_create("grader")
    os.write(descriptor, data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _descendants(pid: int) -> list[int]:
    try:
        return [p.pid for p in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []
