"""For fault tests only: end this process, as a power cut would, at the n-th time it passes a named point.

FORME_CHAOS=apply:7 ends it at the seventh point of an apply. Without the variable nothing happens.
"""

from __future__ import annotations

import os
import signal

_left: dict[str, int] = {}


def arm(name: str, number: int) -> None:
    """End this process at the n-th pass of the named point."""
    _left[name] = number


def point(name: str) -> None:
    """A place at which a crash must do no harm."""
    if name not in _left:
        return
    _left[name] -= 1
    if _left[name] == 0:
        os.kill(os.getpid(), signal.SIGKILL)


_name, _, _number = os.environ.get("FORME_CHAOS", "").partition(":")
if _number.isdigit():
    arm(_name, int(_number))
