"""How long work of one kind takes: whether the next of it may be done where everybody waits for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """What is known of some work beforehand, and from the last time."""

    limit: float
    """The seconds it may take on the event loop of a server, where every other request waits for it."""
    bounded: bool = False
    """Whether it reads the same few rows however many there are: nothing is read through."""
    seconds: float = float("inf")
    """What the last one took, the disk included."""

    @property
    def quick(self) -> bool:
        """Whether the next one will, as far as can be known, be over before a thread would have begun with it."""
        return self.bounded and self.seconds < self.limit
