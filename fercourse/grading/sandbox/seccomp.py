"""The filter of system calls around a student's kernel, a BPF program for bubblewrap; and a keyring of its own.

What it denies leads out of the sandbox or deep into the system, and no honest notebook asks for it: the keys of whoever
started the grader, io_uring, bpf, other processes' memory, new namespaces and mounts, sockets to a hypervisor.
Denied calls fail with EPERM. A program of another architecture than the interpreter's can call nothing at all.
"""

import errno
import platform
import struct
import sys

from fercourse.errors import GradingError
from fercourse.grading.sandbox.cures import ALTERNATIVE

# name: its number on x86_64, on aarch64; None where there is no such call.
DENIED = {
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "bpf": (321, 280), "userfaultfd": (323, 282), "perf_event_open": (298, 241),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "personality": (135, 92),
    "unshare": (272, 97), "setns": (308, 268), "chroot": (161, 51), "pivot_root": (155, 41),
    "mount": (165, 40), "umount2": (166, 39), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "open_tree_attr": (467, 467),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    "quotactl": (179, 60), "quotactl_fd": (443, 443), "acct": (163, 89), "syslog": (103, 116),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "vhangup": (153, 58),
    "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None), "uselib": (134, None),
}  # fmt: skip
CLONE, CLONE3, IOCTL, SOCKET = (56, 220), (435, 435), (16, 29), (41, 198)
NEW_NAMESPACES = 0x7E020000  # the flags of clone that ask for one
INTO_A_TERMINAL = (0x5412, 0x541C)  # ioctl's TIOCSTI and TIOCLINUX type in somebody else's place
FAMILIES = (0, 1, 2, 10, 16)  # unspecified, Unix, IPv4, IPv6, netlink: all that a sandbox without a network needs
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, the architecture's number
X32 = 0x40000000  # a second set of numbers on x86_64

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # instructions of BPF
NUMBER, ARCHITECTURE, FIRST, SECOND = 0, 4, 16, 24  # places in seccomp_data; of an argument its lower half
ALLOW, FAIL = 0x7FFF0000, 0x00050000  # what a filter returns; to FAIL the number of an error is added
JOIN_SESSION_KEYRING = 1


def filter_program(machine=None):
    """The filter for a machine, by default this one, as bytes. Raises GradingError for one that it does not know."""
    machine = machine or platform.machine()
    if machine not in MACHINES or struct.calcsize("P") != 8:
        raise GradingError(
            f"no sandbox: expected Linux on {' or '.join(MACHINES)}, in 64 bits; found {machine}, "
            f"{8 * struct.calcsize('P')} bits, whose system calls the filter does not know. Grade on another computer, "
            f"{ALTERNATIVE}."
        )
    column, architecture = MACHINES[machine]
    steps = [_step(LOAD, ARCHITECTURE), _step(EQUAL, architecture, 1, 0), _fail(), _step(LOAD, NUMBER)]
    if machine == "x86_64":
        steps += _where(AT_LEAST, X32, [_fail()])
    for numbers in DENIED.values():
        if numbers[column] is not None:
            steps += _where(EQUAL, numbers[column], [_fail()])
    # A filter cannot read the flags of clone3; where there is none, libraries use clone.
    steps += _where(EQUAL, CLONE3[column], [_fail(errno.ENOSYS)])
    steps += _where(EQUAL, CLONE[column], [_step(LOAD, FIRST), *_where(ANY_BIT, NEW_NAMESPACES, [_fail()]), _allow()])
    refused = [step for request in INTO_A_TERMINAL for step in _where(EQUAL, request, [_fail()])]
    steps += _where(EQUAL, IOCTL[column], [_step(LOAD, SECOND), *refused, _allow()])
    allowed = [step for family in FAMILIES for step in _where(EQUAL, family, [_allow()])]
    steps += _where(EQUAL, SOCKET[column], [_step(LOAD, FIRST), *allowed, _fail(errno.EAFNOSUPPORT)])
    return b"".join([*steps, _allow()])


def with_own_keyring():
    """The words in front of a program that make it leave the session's keyring for an empty one without a name.

    Whatever it starts inherits that one. Where the system has no keyrings, or none to give, nothing is changed;
    the filter denies them in any case. No words on other systems than Linux.
    """
    if sys.platform != "linux" or platform.machine() not in MACHINES:
        return []
    number = DENIED["keyctl"][MACHINES[platform.machine()][0]]
    join = f"ctypes.CDLL(None).syscall({number}, {JOIN_SESSION_KEYRING}, None)"
    return [sys.executable, "-IS", "-c", f"import ctypes, os, sys; {join}; os.execvp(sys.argv[1], sys.argv[1:])"]


def _step(code, value, yes=0, no=0):
    """An instruction; `yes` and `no`: how many to pass over where a comparison holds, and where it does not."""
    return struct.pack("=HBBI", code, yes, no, value)


def _where(comparison, value, steps):
    """The steps, passed over where the comparison with what was loaded last does not hold."""
    return [_step(comparison, value, 0, len(steps)), *steps]


def _fail(error=errno.EPERM):
    return _step(RETURN, FAIL + error)


def _allow():
    return _step(RETURN, ALLOW)
