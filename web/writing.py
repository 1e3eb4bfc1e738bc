"""Writes on the revision that is applied: one that was overtaken meanwhile is tried once more on the new Site."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from engine.runtime.site import Site
from engine.runtime.transaction import StaleSite
from web.visit import Visit

T = TypeVar("T")


def on_applied(visit: Visit, work: Callable[[Site], T]) -> T:
    """Do the work on the visit's Site; if a newer revision was applied since, on the Site of that one."""
    try:
        return work(visit.site)
    except StaleSite:
        return work(visit.request.app.state.holder.refresh())
