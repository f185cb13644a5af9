"""The page of the demo, served to this machine alone by Python's own http.server. Nothing is written or logged.

What holds that: it listens on 127.0.0.1; it answers no request that names another host (a foreign page whose name
points here) or that comes from another page; a browser that shows the page is told to load nothing from elsewhere and
to keep nothing.
"""

import json
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from fercourse.classroom.demo.answering import answer_to
from fercourse.data.drawn.dataset import drawn_faces
from fercourse.data.faces import EMOTIONS
from fercourse.errors import ParameterError

MOST_BYTES = 8_000_000
SECONDS = 20
"""A browser that sends nothing for so long is left alone."""

PAGE = Path(__file__).parent / "page"
FILES = {
    "/": ("demo.html", "text/html; charset=utf-8"),
    "/demo.js": ("demo.js", "text/javascript; charset=utf-8"),
    "/demo.css": ("demo.css", "text/css; charset=utf-8"),
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; media-src blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Demo(ThreadingHTTPServer):
    """The server, listening on 127.0.0.1 and `port`, or any free one for 0; `serve_forever` answers.

    Raises ParameterError where the port is taken.
    """

    daemon_threads = True

    def __init__(self, network, port):
        self.network = network
        try:
            super().__init__(("127.0.0.1", port), _Answers)
        except (OSError, OverflowError) as error:
            raise ParameterError(
                f"port {port} of this machine cannot be used: {error}. Try another, as --port 8900."
            ) from error

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server_port}/"

    def hosts(self):
        return {f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost")}

    def handle_error(self, request, client_address):
        if not isinstance(sys.exception(), OSError):  # the page was closed while it waited
            super().handle_error(request, client_address)


class _Answers(BaseHTTPRequestHandler):
    """Answers one request: the page's three files, a drawn face, and what the network says to a picture."""

    server_version, sys_version = "fercourse", ""
    timeout = SECONDS

    def do_GET(self):
        if self._is_foreign():
            return
        if self.path == "/drawn":
            self._send(json.dumps(drawn_face()).encode(), "application/json")
        elif self.path in FILES:
            name, kind = FILES[self.path]
            self._send((PAGE / name).read_bytes(), kind)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such page.")

    def do_POST(self):
        if self._is_foreign():
            return
        if self.path != "/read":
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such page.")
            return
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "Expected a picture and its length.")
        elif int(length) > MOST_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"Expected at most {MOST_BYTES // 1_000_000} MB.")
        else:
            answer = answer_to(self.server.network, self.rfile.read(int(length)))
            self._send(json.dumps(answer).encode(), "application/json")

    def _is_foreign(self):
        """Whether another page or another name of this machine asks; it is refused then."""
        origin = self.headers.get("Origin")
        ours = {f"http://{host}" for host in self.server.hosts()}
        foreign = self.headers.get("Host") not in self.server.hosts() or (origin is not None and origin not in ours)
        if foreign:
            self._refuse(HTTPStatus.FORBIDDEN, f"This page answers at {self.server.address} alone.")
        return foreign

    def _refuse(self, status, why):
        self.close_connection = True
        self._send(json.dumps({"error": why}).encode(), "application/json", status)

    def _send(self, body, kind, status=HTTPStatus.OK):
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing: who looked at the page, and when, is written down nowhere."""


def drawn_face(generator=None) -> dict:
    """A drawn face as a PNG in base64, and the label that it was given."""
    from base64 import b64encode

    seed = int((generator or np.random.default_rng()).integers(2**32))
    split = drawn_faces(1, 0, 0, seed=seed).train
    file = BytesIO()
    Image.fromarray(split.images[0]).save(file, "png")
    return {"png": b64encode(file.getvalue()).decode(), "label": EMOTIONS[split.labels[0]]}


def serve(network, port):
    """Serve the page until Ctrl-C ends it."""
    with Demo(network, port) as server:
        print(f"Open {server.address} in a browser on this machine. Ctrl-C ends it.", flush=True)
        server.serve_forever()
