"""What runs in the sandbox: the student's cells, as Jupyter runs them, and the answers to the grader's questions.

The student's code shares this process and may change anything in it. The grader therefore believes nothing that comes
from here but plain data, and lets nobody in here see a test. `python -m fercourse.grading.inside.serve` serves file
descriptor 0, a socket.
"""

import builtins
import io
import os
import pickle
import socket
import threading
from importlib import import_module

from fercourse.classroom.encoding import encode
from fercourse.classroom.plain import NotPlain
from fercourse.grading.inside.shown import Showing
from fercourse.grading.inside.wire import BrokenWire, Unpacker, packed

LONGEST_ERROR = 500


def main():
    """Serve the grader until it closes the socket."""
    channel = Channel()
    showing, held = Showing(channel.send), {}
    showing.take_over()
    builtins.input = _nobody_answers
    channel.send({"is": "ready"})
    while (message := channel.receive()) is not None:
        channel.send(*_reply(*message, showing, held, channel))
        channel.leave_if_forked()


class Channel:
    """The socket on descriptor 0, moved away from where the student's code reads its standard input."""

    def __init__(self):
        self._socket = socket.socket(fileno=os.dup(0))
        self._process, self._lock = os.getpid(), threading.Lock()
        self._messages = self._all_messages()
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)

    def send(self, head, buffers=()):
        """Send a message; a value that is too large for one is said to be so."""
        try:
            message = packed(head, buffers)
        except BrokenWire as error:
            message = packed({"is": "raised", "text": f"NotPlain: what it returned cannot be handed over: {error}"})
        if os.getpid() == self._process:  # what a forked child says would come in between
            with self._lock:
                self._socket.sendall(message)

    def receive(self):
        """The next message, (head, buffers); None where there will be no more."""
        return next(self._messages, None)

    def leave_if_forked(self):
        """End this process where it is a child that a cell forked, and that has come to the end of the cell."""
        if os.getpid() != self._process:
            os._exit(0)

    def _all_messages(self):
        unpacker = Unpacker()
        while data := self._socket.recv(1 << 20):
            yield from unpacker.feed(data)


def _nobody_answers(prompt=""):
    raise EOFError("input() asks somebody to type, and nobody is there while a notebook is graded")


def _reply(request, buffers, showing, held, channel):
    """What answers a request {"do": "run", "hold", "look" or "ask", …}: (head, buffers).

    held: what the student's names meant when they were held, by the key that the grader gave. Hidden tests are run
    when the notebook has ended, so that no cell can show their arguments, on what the names meant in their place.
    """
    try:
        if request["do"] == "run":
            showing.run(request["source"], room=request["room"])
            return {"is": "done"}, ()
        names = held[request["key"]] if request.get("key") in held else showing.shell.user_ns
        if request["do"] == "hold":
            held[request["key"]] = {name: names[name] for name in request["names"] if name in names}
            return {"is": "done"}, ()
        if request["do"] == "look":
            return _look(request["name"], names)
        with showing.shell.builtin_trap, showing.shell.display_trap:
            return _ask(request, buffers[0], names, channel)
    except NotPlain as error:
        return {"is": "raised", "text": f"NotPlain: what it returned cannot be handed over: {error}"}, ()
    except BaseException as error:  # a student's function may raise anything, SystemExit as well
        return {"is": "raised", "text": _described(error)}, ()


def _look(name, names):
    """What the student calls `name`: plain data as it is, everything else as "object", with its kind."""
    if name not in names:
        return {"is": "missing"}, ()
    try:
        tree, buffers = encode(names[name])
    except NotPlain as error:  # too large to be sent, and perhaps never wanted
        return {"is": "object", "kind": str(error)}, ()
    if type(tree) is list and tree[0] == "opaque":
        return {"is": "object", "kind": tree[1]}, ()
    return {"is": "value", "value": tree}, buffers


def _ask(request, pickled, names, channel):
    """Call what is called `name` with the pickled arguments; or the probe "module:function" with it and them."""

    def found(reference):  # what was not pickled: the student's own by its name, the grader's functions by a number
        return names[reference] if isinstance(reference, str) else _calling_back(reference, channel, unpickled)

    def unpickled(data):
        unpickler = pickle.Unpickler(io.BytesIO(data))
        unpickler.persistent_load = found
        return unpickler.load()

    arguments, named = unpickled(pickled)
    function = names[request["name"]]
    if request["probe"]:
        module, _, probe = request["probe"].partition(":")
        arguments, function = (function, *arguments), getattr(import_module(module), probe)
    tree, buffers = encode(function(*arguments, **named))
    return {"is": "value", "value": tree}, buffers


def _calling_back(number, channel, unpickled):
    """A function that stands for one of the grader's: calling it calls that one, over there."""

    def call(*arguments, **named):
        tree, buffers = encode((arguments, named))
        channel.send({"is": "callback", "number": number, "value": tree}, buffers)
        request, found = channel.receive()
        if request["do"] == "raise":
            raise RuntimeError(request["text"])
        return unpickled(found[0])

    return call


def _described(error):
    """ "ValueError: no such thing", shortened."""
    try:
        name, text = type(error).__name__, str(error)
        return (f"{name}: {text}" if text else name)[:LONGEST_ERROR]
    except BaseException:  # the student wrote this __str__, or replaced `type`
        return "an error that cannot be read"


if __name__ == "__main__":
    try:
        main()
    finally:
        os._exit(0)  # whatever the student's code has left to be done at the end is not done
