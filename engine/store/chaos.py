"""For fault tests only: end this process, as a power cut would, at the n-th time it passes a named point.

FORME_CHAOS=apply:7 ends it at the seventh point of an apply. Without the variable nothing happens.
"""

from __future__ import annotations

import os
import signal

_NAME, _, _NUMBER = os.environ.get("FORME_CHAOS", "").partition(":")
_left = int(_NUMBER) if _NUMBER.isdigit() else 0


def point(name: str) -> None:
    """A place at which a crash must do no harm."""
    global _left
    if name != _NAME or _left <= 0:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
