"""Runs a command that ends when its parent ends, however it ends: `python tether.py PARENT_PID COMMAND…`.

Linux only (prctl PR_SET_PDEATHSIG, which survives exec); elsewhere the command is simply run. The signal is SIGKILL: one
that hangs would not heed SIGTERM, and would keep its port from the next start.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before we asked to be told
            sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
