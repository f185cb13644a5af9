"""A demo for tests: a network that answers at once, and the server that shows it."""

import threading
from contextlib import contextmanager

import numpy as np

from fercourse.classroom.demo.server import Demo


class Brightness:
    """Stands for an `OnnxNetwork`: surer of Happy the brighter the face; of a black face it knows nothing."""

    def __init__(self, sureness=None):
        self.sureness = sureness

    def __call__(self, images):
        assert images.dtype == np.float32
        assert images.shape[1:] == (1, 48, 48)
        logits = np.zeros((len(images), 7), np.float32)
        logits[:, 3] = 10 * images.mean((1, 2, 3))
        return logits


@contextmanager
def served(network):
    """A `Demo` that answers on a free port while the block runs."""
    server = Demo(network, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
