"""Becomes a server that cannot outlive its owner: run as a script, it execs its arguments.

Usage: launch.py OWNER_PID DEATH_SIGNAL UID GID PROGRAM [ARGUMENT ...]; UID -1 keeps the user.

This is a program of its own because the kernel forgets the parent-death signal when the user
changes, and because Python code between fork and exec is unsafe in a process with threads.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(numbers: list[int], argv: list[str]) -> None:
    owner_pid, death_signal, uid, gid = numbers
    libc = ctypes.CDLL(None, use_errno=True)
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        libc.prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != owner_pid:  # the owner died before we asked
            sys.exit(1)
    os.execv(argv[0], argv)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:5]], sys.argv[5:])
