"""The guardian of one child process: whatever happens to the parent, the child's tree ends.

Run by path as `python -P guardian.py STATUS_FD GRACE STOP_SIGNAL USER ARGV…`, in a session of its
own, with a pipe from the parent as stdin. The end of that pipe, which the kernel closes even after
`kill -9`, is the order to stop; a `K` in it is the order to kill at once.
"""

import contextlib
import ctypes
import os
import pwd
import select
import signal
import subprocess
import sys
import time

import psutil

LINUX = sys.platform == "linux"
LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
ORDERS = 0
STOPPING = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}


class Guardian:
    """Starts the child, waits for its end or for an order, and leaves nobody behind."""

    def __init__(self, argv: list[str], user: str) -> None:
        self.parent = os.getppid()
        self.wake, writer = os.pipe()
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in STOPPING | {signal.SIGCHLD}:
            signal.signal(number, lambda *_: None)
        if LINUX:  # grandchildren that daemonise stay ours
            LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.watched = [ORDERS, self.wake]
        self.child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            user=user or None,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            # Runs after the change of user, which would undo it; this process has one thread.
            preexec_fn=_die_with_guardian if LINUX else None,
        )
        self.ended: int | None = None

    def order(self, seconds: float) -> str | None:
        """`stop` or `kill`, or None after `seconds` or when a child has ended."""
        ready, _, _ = select.select(self.watched, [], [], seconds)
        if ORDERS in ready:
            if os.read(ORDERS, 1) == b"K":
                return "kill"
            self.watched.remove(ORDERS)
            return "stop"
        if self.wake in ready and STOPPING & {*os.read(self.wake, 64)}:
            return "stop"
        # A fork of the parent that never ran exec may hold the pipe open: look at the parent too.
        return "stop" if os.getppid() != self.parent else None

    def reap(self) -> bool:
        """Whether the child itself has ended; adopted orphans are buried on the way."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                if pid == self.child.pid:
                    self.ended = self.child.returncode = os.waitstatus_to_exitcode(status)
        return self.ended is not None

    def watch(self, grace: float, stop_signal: int) -> list[psutil.Process]:
        """Returns once the child has ended or must be killed: the tree as it last was."""
        tree: list[psutil.Process] = []
        kill_at: float | None = None
        while not self.reap():
            wait = 1.0 if kill_at is None else min(1.0, kill_at - time.monotonic())
            if wait <= 0:
                break
            match self.order(wait):
                case "kill":
                    return tree or descendants()
                case "stop" if kill_at is None:
                    kill_at = time.monotonic() + grace
                    # Without sub-reapers, orphans could not be found any more afterwards.
                    tree = descendants()
                    if not self.reap():
                        os.kill(self.child.pid, stop_signal)
                        os.kill(self.child.pid, signal.SIGCONT)  # stopped, it would sleep on
        return tree

    def sweep(self, tree: list[psutil.Process]) -> None:
        """SIGKILL until nobody is left: a dying process may have forked after a first look."""
        for _ in range(200):
            # Dead is not yet gone: threads that are still ending hold its ports, and its exit code.
            ended = self.reap()
            left = [process for process in {*tree, *descendants()} if alive(process)]
            if ended and not left:
                return
            for process in left:
                with contextlib.suppress(psutil.Error):
                    process.kill()
            self.order(0.05)


def _die_with_guardian() -> None:
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def descendants() -> list[psutil.Process]:
    # Not the process group: each PostgreSQL backend leaves the postmaster's group by setsid().
    return psutil.Process().children(recursive=True)


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def main(status_fd: int, grace: float, stop_signal: int, user: str, argv: list[str]) -> int:
    """Exits as the child did; 128 + n when signal n ended it; 127 when it could not be started."""
    try:
        guardian = Guardian(argv, user)
    except OSError as error:
        print(f"cannot start {argv[0]}: {error}", file=sys.stderr)
        return 127
    os.write(status_fd, b"%d\n" % guardian.child.pid)
    os.close(status_fd)
    guardian.sweep(guardian.watch(grace, stop_signal))
    guardian.reap()
    ended = guardian.ended or 0
    return 128 - ended if ended < 0 else ended


if __name__ == "__main__":
    status, seconds, number, name = sys.argv[1:5]
    sys.exit(main(int(status), float(seconds), int(number), name, sys.argv[5:]))
