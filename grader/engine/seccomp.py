"""The system-call filter of the sandbox, as a classic BPF program for ``bwrap --seccomp``.

Namespaces keep a student away from the machine; this filter keeps them away from the warm process that the next
student shares with them, from kernel interfaces that no notebook needs, and from channels that survive a submission
(System V and POSIX message memory, extended attributes). AF_VSOCK is refused because it crosses network namespaces.
"""

from __future__ import annotations

import errno
import platform
import struct

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_AT_NUMBER, _AT_ARCH, _AT_ARGS = 0, 4, 16
_ARCHES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_ADDRESS_FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6, netlink: all of them end at the network namespace
_NEW_NAMESPACES = 0x7E020000  # every CLONE_NEW* flag of clone()
_PUSH_INPUT = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX

# name: (number on x86_64, number on aarch64); None where there is none
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    # other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272),
    "migrate_pages": (256, 238), "move_pages": (279, 239), "setpriority": (141, 140), "ioprio_set": (251, 30),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    # namespaces and mounts
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    # the kernel
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "kexec_load": (246, 104),
    "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171), "syslog": (103, 116),
    "lookup_dcookie": (212, 18), "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None),
    "vhangup": (153, 58), "fanotify_init": (300, 262), "memfd_secret": (447, 447),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # what would outlive a submission
    "shmget": (29, 194), "shmctl": (31, 195), "shmat": (30, 196), "shmdt": (67, 197),
    "semget": (64, 190), "semctl": (66, 191), "semtimedop": (220, 192), "semop": (65, 193),
    "msgget": (68, 186), "msgctl": (71, 187), "msgrcv": (70, 188), "msgsnd": (69, 189),
    "mq_open": (240, 180), "mq_unlink": (241, 181),
}  # fmt: skip
# shutil copies attributes where it can and goes on where the file system has none.
_NO_ATTRIBUTES = {"setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "setxattrat": (463, 463)}
_ON_ITSELF_ONLY = {"prlimit64": (302, 261), "sched_setaffinity": (203, 122)}  # their first argument is a pid
_CLONE, _CLONE3, _SOCKET, _SOCKETPAIR, _IOCTL = (56, 220), (435, 435), (41, 198), (53, 199), (16, 29)


def program(machine: str | None = None) -> bytes:
    """The filter for a machine as ``platform.machine()`` names it. Raises NotImplementedError for an unknown one."""
    machine = machine or platform.machine()
    if machine not in _ARCHES:
        raise NotImplementedError(f"no system-call filter for {machine}; known: {', '.join(_ARCHES)}")
    arch, column = _ARCHES[machine]
    code = [_load(_AT_ARCH), _jump(_EQUAL, arch, 1, 0), _give(_KILL), _load(_AT_NUMBER)]
    if machine == "x86_64":
        code += [_jump(_AT_LEAST, 0x40000000, 0, 1), _refuse(errno.EPERM)]  # the x32 numbers
    for numbers in _REFUSED.values():
        if (number := numbers[column]) is not None:
            code += [_jump(_EQUAL, number, 0, 1), _refuse(errno.EPERM)]
    for numbers in _NO_ATTRIBUTES.values():
        code += [_jump(_EQUAL, numbers[column], 0, 1), _refuse(errno.ENOTSUP)]
    # glibc falls back from clone3, whose flags a filter cannot see, to clone.
    code += [_jump(_EQUAL, _CLONE3[column], 0, 1), _refuse(errno.ENOSYS)]
    for numbers in _ON_ITSELF_ONLY.values():
        code += _when(numbers[column], [_load(_argument(0)), _jump(_EQUAL, 0, 1, 0), _refuse(errno.EPERM)])
    code += _when(_CLONE[column], [_load(_argument(0)), _jump(_ANY_BIT, _NEW_NAMESPACES, 0, 1), _refuse(errno.EPERM)])
    for numbers in (_SOCKET, _SOCKETPAIR):
        known = [_jump(_EQUAL, family, len(_ADDRESS_FAMILIES) - i, 0) for i, family in enumerate(_ADDRESS_FAMILIES)]
        code += _when(numbers[column], [_load(_argument(0)), *known, _refuse(errno.EAFNOSUPPORT)])
    for request in _PUSH_INPUT:
        code += _when(
            _IOCTL[column], [_load(_argument(1)), _jump(_EQUAL, request, 0, 1), _refuse(errno.EPERM)], ends=False
        )
    return b"".join([*code, _give(_ALLOW)])


def _when(number: int, body: list[bytes], ends: bool = True) -> list[bytes]:
    """The body for one system call; ``ends`` allows the call after it, else the number is loaded again."""
    body = [*body, _give(_ALLOW) if ends else _load(_AT_NUMBER)]
    return [_jump(_EQUAL, number, 0, len(body)), *body]


def _argument(index: int) -> int:
    return _AT_ARGS + 8 * index  # the low half: these arguments are ints, and both machines are little-endian


def _load(offset: int) -> bytes:
    return struct.pack("<HBBI", _LOAD, 0, 0, offset)


def _jump(test: int, value: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("<HBBI", test, if_true, if_false, value)


def _give(action: int) -> bytes:
    return struct.pack("<HBBI", _RETURN, 0, 0, action)


def _refuse(error: int) -> bytes:
    return _give(_ERRNO | error)
