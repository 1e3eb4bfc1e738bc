"""A point within a transaction to which rows that are refused go back, one after the other."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from engine.store import driver

SET: Final = "SAVEPOINT forme_row"
RELEASE: Final = "RELEASE SAVEPOINT forme_row"
BACK: Final = "ROLLBACK TO SAVEPOINT forme_row"


class Savepoint:
    """The point before the present row. It ends with its transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._stands = False

    def move(self) -> None:
        """Keep what was done so far, and come back to here from now on."""
        moved = (RELEASE, SET) if self._stands else (SET,)
        if self._connection.dialect.name == "postgresql":
            driver.run(self._connection, "; ".join(moved))  # one message
        else:
            for statement in moved:
                driver.run(self._connection, statement)
        self._stands = True

    def go_back(self) -> None:
        """Undo what was done since."""
        driver.run(self._connection, BACK)
