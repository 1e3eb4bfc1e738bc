"""One transaction of one actor: begun on the applied revision, tried again when databases ask for it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from engine.change import Actor
from engine.runtime.session import Session
from engine.runtime.site import Site
from engine.store import revisions
from engine.store.errors import Duplicate, Unavailable

T = TypeVar("T")

TRIES_MAX = 3
"""A deadlock or a failed serialization is nobody's mistake: the whole transaction is done again."""


class StaleSite(Exception):
    """A newer revision was applied: build its Site and ask again."""


def in_transaction(site: Site, actor: Actor, work: Callable[[Session], T]) -> T:
    """Do the work in one writing transaction; it is stored whole or not at all.

    Raises StaleSite when the site is no longer the applied revision, and whatever `work` raises.
    """
    for attempt in range(1, TRIES_MAX + 1):
        try:
            with site.database.writing() as connection:
                if site.revision and revisions.held_number(connection) != site.revision:
                    raise StaleSite
                return work(Session.open(site, connection, actor))
        except (Unavailable, Duplicate) as error:
            # A value that was taken at the same moment is there for everybody to see by now, and is refused in words.
            if attempt == TRIES_MAX or (isinstance(error, Unavailable) and not error.retry):
                raise
            time.sleep(random.uniform(0.005, 0.05) * attempt)  # noqa: S311 - jitter, not a secret
    raise AssertionError("the loop returns or raises")
