"""One sandboxed kernel as the grader sees it: send a request, take the answer within limits, or lose the kernel.

It is ours, and no Jupyter kernel with a library's tests in it, because of where hidden tests run. nbgrader runs them in
the student's process, otter-grader inside the container that holds the submission: there a student's code can read
them or change what they call. Here the tests stay in the grader, and only values cross the wire.
"""

import select
import socket
import sys
import tempfile
import time

from fercourse.errors import GradingError
from fercourse.grading.inside.wire import BrokenWire, Unpacker, packed
from fercourse.grading.sandbox.bounds import TookTooLong
from fercourse.grading.sandbox.bubblewrap import HOME, MOST_PROCESSES, start
from fercourse.grading.sandbox.memory import held, held_alone
from fercourse.processes import kill_tree

START_SECONDS = 120
GLANCE_SECONDS = 0.25  # between two looks at what the kernel holds


class KernelLost(Exception):
    """The kernel is gone, or was ended because it used up too much; says why. `slow`: it took too long."""

    def __init__(self, why, *, slow=False):
        super().__init__(why)
        self.slow = slow


class Kernel:
    """A process that serves fercourse.grading.inside.serve in the sandbox that `limits` name."""

    def __init__(self, limits):
        self._limits = limits
        self._socket, theirs = socket.socketpair()
        self._home = _home() if limits.sandbox == "none" else None
        program = [sys.executable, "-m", "fercourse.grading.inside.serve"]
        with theirs:
            self._process = start(program, limits, stdin=theirs, home=self._home.name if self._home else None)
        self._socket.setblocking(False)
        self._next_glance = time.monotonic() + GLANCE_SECONDS  # over all requests, however short each of them is
        self._unpacker, self._messages, self._outgoing, self._ready = Unpacker(), [], memoryview(b""), False

    @property
    def home(self):
        """The folder that the kernel calls its home."""
        return self._home.name if self._home else HOME

    def talk(self, request, buffers=(), *, seconds, take=None, call=None):
        """Send a request; return what answers it, (head, buffers); pass the heads that come before it to `take`.

        call: where the kernel calls back, what takes its (head, buffers) and returns the next message to send, alike.
        Raises KernelLost.
        """
        self._outgoing = memoryview(packed(request, buffers))
        for head, found in self._exchange(time.monotonic() + seconds):
            if head.get("is") in ("done", "value", "object", "missing", "raised"):
                return head, found
            if head.get("is") == "callback" and call is not None and not self._outgoing:
                self._outgoing = memoryview(_answered(call, head, found))
            elif take is not None:
                take(head)

    def close(self):
        """End the kernel and everything that it started."""
        self._socket.close()
        kill_tree(self._process.pid)
        self._process.wait()
        if self._home:
            self._home.cleanup()

    def wait_until_ready(self):
        """Wait until it can be talked to. Raises GradingError where it does not start: that is no student's fault."""
        if self._ready:
            return
        try:
            head, _ = next(self._exchange(time.monotonic() + START_SECONDS))
        except KernelLost as lost:
            raise GradingError(f"the student's kernel could not be started: {lost}") from lost
        self._ready = head.get("is") == "ready"

    def _exchange(self, until):
        """Send what is outgoing and yield the messages that come, for ever; raises KernelLost at the time `until`."""
        while True:
            while self._messages:
                yield self._messages.pop(0)
            now = time.monotonic()
            if now >= until:
                raise KernelLost("it ran longer than it may", slow=True)
            if now >= self._next_glance:
                self._look_at_what_it_holds()
                self._next_glance = time.monotonic() + GLANCE_SECONDS
            wait = min(until, self._next_glance) - now
            sending = [self._socket] if self._outgoing else []
            readable, writable, _ = select.select([self._socket], sending, [], max(wait, 0))
            if readable:
                self._receive()
            if writable:
                self._outgoing = self._outgoing[self._send() :]

    def _receive(self):
        try:
            data = self._socket.recv(1 << 20)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            raise KernelLost("the kernel died: out of memory, ended by the code, or a crash")
        try:
            self._messages += self._unpacker.feed(data)
        except BrokenWire as error:  # nothing of what it sent stands in the reason, which its author reads
            raise KernelLost("the kernel sent what is no message and was ended") from error

    def _send(self):
        try:
            return self._socket.send(self._outgoing)
        except BlockingIOError:
            return 0
        except OSError as error:
            raise KernelLost("the kernel died: out of memory, ended by the code, or a crash") from error

    def _look_at_what_it_holds(self):
        """No single process may hold too much, by its own limits; this is for all of them together."""
        processes = self._processes()
        if len(processes) > MOST_PROCESSES + 16:  # some are the sandbox's own
            raise KernelLost("the kernel started too many processes and was ended")
        most = self._limits.memory_mb * 2**20
        # The first is quick, and counts what a process shares with its children once for each; the second does not.
        if sum(map(held, processes)) > most and sum(map(held_alone, processes)) > most:
            raise KernelLost(f"the kernel used more memory than {self._limits.memory_mb} MB and was ended")

    def _processes(self):
        import psutil

        try:
            kernel = psutil.Process(self._process.pid)
            return [kernel, *kernel.children(recursive=True)]
        except psutil.Error:
            return []


def _answered(call, head, buffers):
    """The message that answers a callback. Raises KernelLost where that took the grader too long."""
    try:
        return packed(*call(head, buffers))
    except TookTooLong as error:
        raise KernelLost("it called a function of the test that took too long", slow=True) from error
    except BrokenWire as error:
        raise KernelLost("it called a function of the test that returned too much") from error


def _home():
    return tempfile.TemporaryDirectory(prefix="fercourse-", ignore_cleanup_errors=True)
