"""Reaching for others: the network, the trusted parent, the warm process, the student who comes next."""

from __future__ import annotations

from tests.attacks.attack import STOLEN, Attack

_TRY = f"    print({STOLEN!r})\nexcept (OSError, ValueError, PermissionError) as error: print(type(error).__name__)"
_SYSCALL = (
    "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
    "def sys_(*a):\n    r = libc.syscall(*a)\n    return r if r >= 0 else -ctypes.get_errno()\n"
)
_IPC = (
    _SYSCALL + "r = sys_({call})\n"
    f"print({STOLEN!r} if r {{stolen}} else r)"
)  # fmt: skip

ATTACKS = (
    Attack(
        "connects_to_the_internet",
        f"import socket\ntry:\n    socket.create_connection(('1.1.1.1', 53), timeout=1)\n{_TRY}",
        stock="no network on the measuring machine",
    ),
    Attack("asks_for_an_address", f"import socket\ntry:\n    socket.getaddrinfo('pypi.org', 443)\n{_TRY}"),
    Attack(
        "connects_to_a_service_on_this_machine",
        "import socket\ntry:\n"
        "    s = socket.create_connection(('127.0.0.1', {port}), timeout=1)\n"
        f"    print({STOLEN!r} if s.recv(9) == b'welcome' else 'silence')\nexcept OSError as error: print(error)",
    ),
    Attack(
        "connects_to_an_abstract_socket",
        "import socket\ntry:\n"
        "    s = socket.socket(socket.AF_UNIX)\n    s.connect('\\0grader-attack-target-{port}')\n"
        f"    print({STOLEN!r})\nexcept OSError as error: print(error)",
    ),
    Attack(
        "listens_for_the_next",
        "import socket\ns = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.listen()\nprint(s.getsockname()[1] > 0)",
    ),
    Attack(
        "kills_its_parents",
        "import os, signal\n"
        "for pid in (os.getppid(), 1, 2, -1):\n"
        "    try: os.kill(pid, signal.SIGKILL if pid != -1 else signal.SIGTERM)\n"
        "    except OSError as error: print(error)",
        stock="would end everything of the user",
    ),
    Attack(
        "stops_its_parent",
        "import os, signal\n"
        "for pid in (os.getppid(), 1):\n"
        "    for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGSEGV):\n"
        "        try: os.kill(pid, number)\n"
        "        except OSError as error: print(error)",
        stock="would stop the grader for good",
    ),
    Attack(
        "traces_the_warm_process",
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"print({STOLEN!r} if libc.ptrace(16, 1, 0, 0) == 0 else ctypes.get_errno())",
    ),
    Attack(
        "reads_another_process_s_memory",
        _SYSCALL + "import struct\nbuffer = ctypes.create_string_buffer(8)\n"
        "local = struct.pack('PN', ctypes.addressof(buffer), 8)\nremote = struct.pack('PN', id(None), 8)\n"
        f"r = sys_(310, 1, local, 1, remote, 1, 0)\nprint({STOLEN!r} if r > 0 else r)",
    ),
    Attack(
        "lowers_the_limits_of_the_warm_process",
        "import resource\ntry:\n    resource.prlimit(1, resource.RLIMIT_NOFILE, (4, 4))\n" + _TRY,
    ),
    Attack(
        "takes_a_descriptor_of_the_warm_process",
        _SYSCALL
        + f"fd = sys_(434, 1, 0)\nr = sys_(438, fd, 3, 0) if fd >= 0 else fd\nprint({STOLEN!r} if r >= 0 else r)",
    ),
    Attack(
        "binds_the_warm_process_to_one_processor",
        "import os\ntry:\n    os.sched_setaffinity(1, {0})\nexcept OSError as error: print(error)\n"
        "try: os.setpriority(os.PRIO_PROCESS, 1, 19)\nexcept OSError as error: print(error)",
        stock="has no warm process",
    ),
    Attack(
        "leaves_a_daemon",
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        while True:\n"
        "            try: open('/tmp/note', 'w').write('still here')\n"
        "            except OSError: pass\n"
        "            time.sleep(0.05)\n"
        "    os._exit(0)",
        stock="would go on running",
    ),
    Attack(
        "looks_for_a_daemon_of_the_one_before",
        "import os, time\ntime.sleep(0.3)\n"
        "others = [n for n in os.listdir('/proc') if n.isdigit() and n not in ('1', str(os.getpid()))]\n"
        f"print({STOLEN!r} if others or os.path.exists('/tmp/note') else 'alone')",
        stock="sees every process of the machine as it is",
    ),
    Attack(
        "makes_namespaces",
        _SYSCALL + "r = libc.unshare(0x10000000)\nr = libc.unshare(0x00020000) if r == 0 else r\n"
        f"print({STOLEN!r} if r == 0 else ctypes.get_errno())",
    ),
    Attack(
        "mounts",
        _SYSCALL + "r = libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)\n"
        f"print({STOLEN!r} if r == 0 else ctypes.get_errno())",
        stock="would change the mounts of the machine",
    ),
    Attack(
        "becomes_root",
        "import os, subprocess\n"
        "for call in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0])):\n"
        "    try:\n        call()\n        print(os.getuid() == 0 and " + repr(STOLEN) + ")\n"
        "    except OSError as error: print(error)\n"
        "print(subprocess.run('sudo -n id; su -c id', shell=True, capture_output=True, text=True).stdout)",
    ),
    Attack("asks_for_a_key", _IPC.format(call="250, 0, -3, 0, 0, 0", stolen=">= 0")),
    Attack("loads_a_bpf_program", _IPC.format(call="321, 5, 0, 0", stolen=">= 0")),
    Attack("makes_an_io_uring", _IPC.format(call="425, 8, ctypes.create_string_buffer(256)", stolen=">= 0")),
    Attack("makes_a_userfaultfd", _IPC.format(call="323, 1", stolen=">= 0")),
    Attack(
        "opens_devices",
        "import os\n"
        "for path in ('/dev/mem', '/dev/kmsg', '/dev/vda', '/dev/sda', '/dev/nvidia0', '/dev/kvm', '/dev/fuse'):\n"
        "    try:\n"
        f"        open(path, 'rb').read(1)\n        print({STOLEN!r}, path)\n    except OSError: pass\n"
        "try:\n    os.mknod('/tmp/disk', 0o60600, os.makedev(8, 0))\n    open('/tmp/disk', 'rb').read(1)\n" + _TRY,
        stock="reads the machine's devices as root",
    ),
    Attack(
        "poisons_packages_for_the_next",
        "import os, site, sys\n"
        "for folder in (*site.getsitepackages(), *sys.path, '/usr/lib/python3', os.path.expanduser('~/.local')):\n"
        "    try:\n"
        "        open(os.path.join(folder or '.', 'sitecustomize.py'), 'w').write('print(1)')\n"
        f"        if folder not in ('', os.getcwd()) and not folder.startswith(os.path.expanduser('~')): print({STOLEN!r}, folder)\n"
        "    except OSError: pass",
        stock="would damage the environment",
    ),
    Attack(
        "patches_modules_for_the_next",
        "import numpy as np, json\nnp.sum = lambda *a, **k: -1.0\njson.dumps = None\ndict.__doc__",
    ),
    Attack(
        "makes_scratch_that_cannot_be_wiped",
        "import os\n"
        "os.makedirs('/tmp/a/b/c')\nopen('/tmp/a/b/c/f', 'w').close()\n"
        "for path in ('/tmp/a/b/c', '/tmp/a/b', '/tmp/a'): os.chmod(path, 0)\n"
        "os.symlink('/', '/tmp/root')\nos.mkfifo('/tmp/pipe')\nos.chmod(os.getcwd(), 0)",
        stock="has no scratch folder",
    ),
    Attack(
        "digs_a_deep_tree",
        "import os\nos.chdir('/tmp')\nfor _ in range(2000):\n    os.mkdir('d')\n    os.chdir('d')\n",
        stock="has no scratch folder",
    ),
    Attack(
        "leaves_shared_memory",
        _SYSCALL + "r = sys_(29, 4242, 4096, 0o1666)\nprint(r)\n"
        "from multiprocessing import shared_memory\n"
        "try: shared_memory.SharedMemory(name='note', create=True, size=4096)\nexcept Exception as error: print(error)",
    ),
    Attack(
        "looks_for_shared_memory_of_the_one_before",
        _SYSCALL + f"r = sys_(29, 4242, 4096, 0o666)\nprint({STOLEN!r} if r >= 0 else r)",
        stock="needs the sandbox of the one before",
    ),
    Attack(
        "waits_for_the_parent_s_children",
        "import os\n"
        "try:\n    os.waitpid(-1, os.WNOHANG)\nexcept ChildProcessError: print('none')\n"
        "os.setpgid(0, 0) if os.getpgid(0) != os.getpid() else None",
    ),
)
