"""Work in processes of its own, which a test may let die as in a power cut."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any

CONTEXT: Any = multiprocessing.get_context("fork")
"""A copy of this process: nothing to import again, so that a test can afford a hundred. Open no database before."""


def run(*works: Callable[[], object]) -> list[int]:
    """Do all at the same time; for each 0, 1 for an exception, or the signal that ended it, negative."""
    processes = [CONTEXT.Process(target=_guarded, args=(work,)) for work in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def killed(code: int) -> bool:
    """Whether a process met its end as planned; anything but that or success is a failure of the test."""
    assert code in (0, -signal.SIGKILL), code
    return code != 0


def _guarded(work: Callable[[], object]) -> None:
    try:
        work()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)
