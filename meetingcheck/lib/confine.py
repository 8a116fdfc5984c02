"""Takes away from a child process that reads strangers' files whatever reading them does not need.

Decoders of photos and tables are large programs that read what strangers send. After `confine` the process can
compute, read its input and write its output, and nothing else: no file, no socket, no other process, limited memory
and time.
"""

import ctypes
import errno
import math
import os
import resource
import signal
import struct
import time
from collections.abc import Iterable

MEMORY_BYTES = 1 << 30
"""The whole address space, libraries included."""

READY = b"R"
"""What a child says once it has loaded everything and given up every right."""

_STANDARD_STREAMS = 3
_LIFETIME_CPU_SECONDS = 3600

_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2

_ALLOW = 0x7FFF0000
_FAIL = 0x00050000
_KILL = 0x80000000

_LOAD_WORD = 0x20
_JUMP_IF_EQUAL = 0x15
_JUMP_IF_BITS = 0x45
_RETURN = 0x06
_NUMBER_OFFSET, _ARCHITECTURE_OFFSET, _FIRST_ARGUMENT_OFFSET = 0, 4, 16
_CLONE_THREAD = 0x00010000
_CLONE3 = 435

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# Names in the order of the numbers below. libde265 decodes HEIC in a thread of its own, hence futex and its company;
# clone is allowed for threads only.
# read write close fstat lseek mmap mprotect munmap mremap madvise brk | rt_sigaction rt_sigprocmask rt_sigreturn
# sigaltstack restart_syscall tgkill | futex sched_yield sched_getaffinity set_tid_address set_robust_list
# get_robust_list rseq membarrier | nanosleep clock_nanosleep clock_gettime gettimeofday times getrusage | getrlimit
# setrlimit prlimit64 | getpid gettid getrandom | exit exit_group
_CALLS = {
    "x86_64": (
        *(0, 1, 3, 5, 8, 9, 10, 11, 25, 28, 12),
        *(13, 14, 15, 131, 219, 234),
        *(202, 24, 204, 218, 273, 274, 334, 324),
        *(35, 230, 228, 96, 100, 98),
        *(97, 160, 302),
        *(39, 186, 318),
        *(60, 231),
    ),
    "aarch64": (
        *(63, 64, 57, 80, 62, 222, 226, 215, 216, 233, 214),
        *(134, 135, 139, 132, 128, 131),
        *(98, 124, 123, 96, 99, 100, 293, 283),
        *(101, 115, 113, 169, 153, 165),
        *(163, 164, 261),
        *(172, 178, 278),
        *(93, 94),
    ),
}
_CLONE = {"x86_64": 56, "aarch64": 220}


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def confine() -> None:
    """Confine this process, for good. Everything that has to be loaded must have been loaded before.

    Raises OSError or ValueError where the system refuses a limit: better no reading than unconfined reading.
    """
    os.environ.clear()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _limit(resource.RLIMIT_AS, MEMORY_BYTES)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    # A new descriptor would get a number from 3 up, and none is allowed there.
    _limit(resource.RLIMIT_NOFILE, _STANDARD_STREAMS)
    _limit(resource.RLIMIT_CPU, _LIFETIME_CPU_SECONDS)
    _forbid_other_system_calls()


def allow_cpu(seconds: int) -> None:
    """Let the process compute for so many seconds more; then the system kills it."""
    until = math.ceil(time.process_time()) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (min(until, _LIFETIME_CPU_SECONDS), _LIFETIME_CPU_SECONDS))


def _limit(kind: int, value: int) -> None:
    resource.setrlimit(kind, (value, value))


def _forbid_other_system_calls() -> None:
    """Install a system call filter on the two architectures whose numbers are known here.

    It replaces a limit on processes: RLIMIT_NPROC counts all of the user's threads, has no effect on root, and would
    forbid the thread that HEIC needs.
    """
    machine = os.uname().machine
    if machine not in _ARCHITECTURES:
        return
    instructions = b"".join(_filter(machine))
    program = _FilterProgram(len(instructions) // 8, instructions)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program))


def _filter(machine: str) -> Iterable[bytes]:
    """The filter's instructions: the listed calls and new threads pass, every other call fails with EPERM."""
    yield _instruction(_LOAD_WORD, _ARCHITECTURE_OFFSET)
    yield _instruction(_JUMP_IF_EQUAL, _ARCHITECTURES[machine], if_true=1)
    yield _instruction(_RETURN, _KILL)
    yield _instruction(_LOAD_WORD, _NUMBER_OFFSET)
    for number in _CALLS[machine]:
        yield _instruction(_JUMP_IF_EQUAL, number, if_false=1)
        yield _instruction(_RETURN, _ALLOW)
    # clone3 hides its flags behind a pointer; told that it does not exist, the C library takes clone.
    yield _instruction(_JUMP_IF_EQUAL, _CLONE3, if_false=1)
    yield _instruction(_RETURN, _FAIL | errno.ENOSYS)
    yield _instruction(_JUMP_IF_EQUAL, _CLONE[machine], if_false=3)
    yield _instruction(_LOAD_WORD, _FIRST_ARGUMENT_OFFSET)
    yield _instruction(_JUMP_IF_BITS, _CLONE_THREAD, if_false=1)
    yield _instruction(_RETURN, _ALLOW)
    yield _instruction(_RETURN, _FAIL | errno.EPERM)


def _instruction(code: int, value: int, *, if_true: int = 0, if_false: int = 0) -> bytes:
    """One instruction in the system's binary form; the jumps count instructions to skip."""
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _prctl(option: int, *values: int) -> None:
    arguments = (ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4])
    if ctypes.CDLL(None, use_errno=True).prctl(option, *arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
