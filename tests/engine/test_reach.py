"""What student code tries to reach from inside: files, network, other processes, the warm process, the next student."""

# ruff: noqa: E501 - a cell of student code is easier to read on one line
from __future__ import annotations

import http.server
import os
import socket
import threading
from pathlib import Path

import pytest

import grader
from grader.engine import SandboxPool
from tests.engine.conftest import Go, codes, double_job, observed, text

pytestmark = pytest.mark.sandbox
ROOT = Path(grader.__file__).resolve().parents[1]


def prints(go: Go, source: str) -> str:
    run = go(source)
    assert run.cells[0].status == "ok", run.cells[0].outputs
    return text(run, 0)


def test_the_grader_and_the_course_are_not_there(go: Go, tmp_path: Path) -> None:
    (tmp_path / "gradebook.db").write_text("secret")
    paths = [str(p) for p in (ROOT / "grader", ROOT / "grader/exercises", ROOT / "notebooks", ROOT / "tests")]
    paths += [str(tmp_path), str(ROOT / ".git"), "/etc/shadow", "/root/.ssh", "/var", "/run"]
    assert prints(go, f"import os\nprint([p for p in {paths} if os.path.exists(p)])") == "[]\n"


def test_no_file_of_the_grader_is_found_by_walking(go: Go) -> None:
    source = (
        "import os\nfound = []\nfor folder, names, files in os.walk('/'):\n"
        "    if folder == '/': names[:] = set(names) - {'proc', 'sys', 'usr'}\n"
        "    if folder.endswith('-packages'): names[:] = [n for n in names if n == 'grader']\n"
        "    found += [folder + '/' + f for f in files if f in ('judge.py', 'gradebook.db')]\n"
        "print(found)"
    )
    assert prints(go, source) == "[]\n"


def test_grader_cannot_be_imported(go: Go) -> None:
    run = go("import grader", "from course_lib.checking import values\nprint('fine')")
    assert run.cells[0].outputs[-1]["ename"] in ("ModuleNotFoundError", "ImportError")
    assert text(run, 1) == "fine\n"


def test_environment_holds_nothing_of_the_parents(go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "s3cr3t")
    out = prints(go, "import os\nprint(sorted(os.environ))\nprint(os.environ['HOME'], os.environ['COURSE_LANG'])")
    assert "SECRET" not in out and "VIRTUAL_ENV" not in out and "/home/student both" in out


def test_identity_is_nobodys(go: Go) -> None:
    out = prints(go, "import os, getpass\nprint(os.getuid() != 0, os.getgroups(), getpass.getuser())")
    assert out.startswith("True") and "student" in out and "0]" not in out


def test_seen_from_outside_it_is_not_root(pool: SandboxPool, go: Go) -> None:
    go("1")
    (pid,) = pool.pids()
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    assert "0" not in status["Uid"].split() + status["Gid"].split()
    assert status["Groups"].split() in ([], *([str(g)] for g in os.getgroups())) or os.getuid() != 0
    assert all(int(status[name], 16) == 0 for name in ("CapPrm", "CapEff", "CapInh", "CapAmb"))
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")


def test_network_is_not_reachable(go: Go) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        source = (
            "import socket\n"
            f"for where in (('127.0.0.1', {server.server_port}), ('1.1.1.1', 53)):\n"
            "    try:\n        socket.create_connection(where, timeout=1)\n        print('reached', where)\n"
            "    except OSError as e: print(type(e).__name__)"
        )
        out = prints(go, source)
        server.shutdown()
    assert "reached" not in out and len(out.splitlines()) == 2


def test_abstract_sockets_are_not_shared(go: Go) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0grader-test")
        server.listen()
        source = (
            "import socket\ns = socket.socket(socket.AF_UNIX)\n"
            "try:\n    s.connect('\\0grader-test')\n    print('reached')\nexcept OSError: print('no')"
        )
        assert prints(go, source) == "no\n"


@pytest.mark.parametrize("family", [17, 38, 40, 44])  # packet, alg, vsock (which knows no namespaces), xdp
def test_odd_socket_families_are_refused(go: Go, family: int) -> None:
    source = (
        f"import socket\ntry:\n    socket.socket({family}, socket.SOCK_STREAM)\n    print('made')\n"
        "except OSError as e: print(e.errno)"
    )
    assert prints(go, source) == "97\n"


def test_other_processes_are_not_there(go: Go) -> None:
    out = prints(
        go, f"import os\nprint(os.getppid(), os.path.exists('/proc/{os.getpid()}/maps'))\nprint(os.listdir('/proc'))"
    )
    assert out.startswith("1 ") and len([p for p in out.split("'") if p.isdigit()]) <= 3


def test_killing_everything_kills_only_itself(go: Go) -> None:
    cell = (
        "import os, signal\n"
        "for n in range(1, 65):\n    try: os.kill(1, n)\n    except OSError: pass\n"
        f"for pid in (os.getppid(), {os.getpid()}, {os.getppid()}):\n"
        "    try: os.kill(pid, signal.SIGKILL)\n    except OSError: pass\n"
        "print('alive')"
    )
    run = go(
        cell,
        "import os\ntry: os.kill(-1, 9)\nexcept OSError: pass",
        "def double(x): return 2 * x",
        probes=(double_job(),),
    )
    assert text(run, 0) == "alive\n"
    assert run.cells[1].status in ("ok", "died")
    assert observed(run).values["y"].data == 42


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/proc/1/mem', 'rb').read(1)",
        "open('/proc/1/environ').read()",
        "open('/proc/1/maps').read()",
        "os.listdir('/proc/1/fd')",
        "os.readlink('/proc/1/cwd')",
        "os.listdir('/proc/1/root')",
        "open('/proc/1/oom_score_adj', 'w').write('1000')",
        "resource.prlimit(1, resource.RLIMIT_NOFILE, (3, 3))",
        "os.setpriority(os.PRIO_PROCESS, 1, 19)",
        "os.sched_setaffinity(1, {0})",
        "os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))",
        "check(libc.ptrace(16, 1, 0, 0))",
        "check(libc.syscall(438, os.pidfd_open(1), 0, 0))",
        "check(libc.process_vm_readv(1, None, 0, None, 0, 0))",
        "check(libc.unshare(0x10000000))",
        "check(libc.unshare(0x00020000))",
        "check(libc.mount(b'x', b'/tmp', b'tmpfs', 0, None))",
        "check(libc.umount2(b'/tmp', 2))",
        "check(libc.syscall(425, 8, ctypes.create_string_buffer(256)))",
        "check(libc.syscall(321, 0, None, 0))",
        "check(libc.syscall(250, 0, -3, 1))",
        "check(libc.shmget(1234, 4096, 0o1666))",
        "check(libc.msgget(1234, 0o1666))",
        "check(libc.semget(1234, 1, 0o1666))",
        "check(libc.syscall(240, b'queue', 0o102, 0o666, None))",
        "os.setxattr('/tmp', 'user.note', b'for the next one')",
        "os.setuid(0)",
        "os.setgroups([0])",
        "open('/usr/x', 'w')",
        "open('/etc/passwd', 'a')",
        "open('/x', 'w')",
        "open('/dev/x', 'w')",
        "open('/engine/worker.py', 'a')",
        "open('/course/course_lib/text.py', 'a')",
        "open(torch.__file__, 'a')",
        "os.mknod('/tmp/disk', 0o60600, os.makedev(254, 0))",
        "os.chroot('/tmp')",
        "resource.setrlimit(resource.RLIMIT_NPROC, (9999, 9999))",
        "fcntl.ioctl(os.open('/dev/ptmx', 2), 0x5412, b'x')",
    ],
)
def test_refused(go: Go, attempt: str) -> None:
    if os.uname().machine != "x86_64" and "syscall(" in attempt:
        pytest.skip("system-call numbers of x86_64")
    source = (
        "import os, resource, ctypes, fcntl, torch\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "def check(result):\n    if result == -1: raise OSError(ctypes.get_errno(), 'refused')\n"
        f"try:\n    {attempt}\n    print('done')\nexcept (OSError, ValueError) as e: print('refused')"
    )
    assert prints(go, source) == "refused\n"


def test_user_namespaces_cannot_be_made_by_clone(go: Go) -> None:
    source = (
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "nr = 56 if os.uname().machine == 'x86_64' else 220\n"
        "pid = libc.syscall(nr, 0x10000000 | 17, 0, 0, 0, 0)\n"
        "if pid == 0: os._exit(0)\nprint(pid, ctypes.get_errno())"
    )
    assert prints(go, source) == "-1 1\n"


def test_what_one_writes_the_next_does_not_find(go: Go) -> None:
    source = (
        "import os\nfor folder in ('/tmp', '/dev/shm', os.environ['HOME']):\n"
        "    os.makedirs(folder + '/a/b')\n    open(folder + '/a/b/answers', 'w').write('42')\n"
        "    open(folder + '/.hidden', 'w').write('42')\n    os.symlink('/', folder + '/link')\n"
        "    os.mkfifo(folder + '/pipe')\n    os.chmod(folder + '/a', 0)\n"
        "os.makedirs(os.environ['HOME'] + '/.ipython/profile_default/startup')\n"
        "open(os.environ['HOME'] + '/.ipython/profile_default/startup/x.py', 'w').write('import os; os._exit(1)')\n"
    )
    assert go(source).cells[0].status == "ok"
    out = prints(go, "import os\nprint([os.listdir(p) for p in ('/tmp', '/dev/shm', os.environ['HOME'])])")
    assert out == "[[], [], []]\n"


def test_names_and_modules_do_not_pass_on(go: Go) -> None:
    go(
        "import builtins, torch, json, sys, numpy as np\nbuiltins.answer = 42\ntorch.answer = 42\njson.dumps = None\n"
        "sys.modules['trap'] = 42\nnp.allclose = lambda *a: True\nsecret = 1\n%config InlineBackend.figure_formats = ['svg']"
    )
    source = (
        "import builtins, torch, json, sys\n"
        "print(hasattr(builtins, 'answer'), hasattr(torch, 'answer'), json.dumps(1), 'trap' in sys.modules, 'secret' in dir())"
    )
    assert prints(go, source) == "False False 1 False False\n"


def test_too_many_files_cost_only_the_sandbox(go: Go, pool: SandboxPool) -> None:
    go("1")
    before = pool.pids()
    run = go("import os\nfor n in range(25000):\n    os.close(os.open(f'/tmp/{n}', os.O_CREAT))")
    assert [c for c, _ in codes(run)][-1] == "dirty"
    go("1")
    assert pool.pids() != before


def test_deep_folders_cost_only_the_sandbox(go: Go) -> None:
    run = go("import os\nos.chdir('/tmp')\nfor _ in range(3000):\n    os.mkdir('d'); os.chdir('d')")
    assert run.cells[0].status == "ok"


def test_the_control_connection_is_not_inherited(go: Go) -> None:
    source = (
        "import os, socket, stat\nkinds = []\n"
        "for n in os.listdir('/proc/self/fd'):\n"
        "    try: kinds.append(stat.S_ISSOCK(os.fstat(int(n)).st_mode))\n    except OSError: pass\n"
        "print(sum(kinds))"
    )
    assert prints(go, source) == "1\n"


def test_memory_of_the_process_holds_no_expected_value_or_path(go: Go) -> None:
    source = (
        "import gc\nwords = set()\n"
        "for thing in gc.get_objects():\n"
        "    if isinstance(thing, dict):\n        words.update(k for k in thing if isinstance(k, str))\n"
        "print([w for w in words if 'hidden_case' in w or w == 'EXERCISE' or w.startswith('grader.exercises')])"
    )
    assert prints(go, source) == "[]\n"
