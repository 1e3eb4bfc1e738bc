"""A network between a server and its database that loses or holds back the answer to a COMMIT.

python proxy.py HOST PORT FILE: prints the port that it listens on. What stands in FILE happens to the answer to the
next COMMIT: `cut` drops it and the connection, `hold` keeps it back for three seconds.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from functools import partial
from pathlib import Path

HOLD_SECONDS = 3


def pump(source: socket.socket, target: socket.socket, order: Path, answers: list[str], *, up: bool) -> None:
    """Carry bytes one way until either end is gone."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            if up and b"COMMIT" in data and order.exists():
                answers.append(order.read_text("ascii"))
                order.unlink()
            if not up and answers:
                if answers.pop() == "cut":
                    break
                time.sleep(HOLD_SECONDS)
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def main(host: str, port: int, order: Path) -> None:
    """Serve until the process is ended."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        near, _ = listener.accept()
        far, answers = socket.create_connection((host, port)), list[str]()
        for source, target, up in ((near, far, True), (far, near, False)):
            carry = partial(pump, source, target, order, answers, up=up)
            threading.Thread(target=carry, daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
