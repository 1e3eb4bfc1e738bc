"""Statements run on the driver itself, whose errors are told in SQLAlchemy's words.

SQLAlchemy's own execution costs more than a short statement does. What is asked in every request or save is therefore
text, compiled once or written by hand, and goes to the driver within the transaction that SQLAlchemy has begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

Row = tuple[Any, ...]


def driver_of(connection: sa.Connection) -> Any:
    """The driver's own connection, in a transaction."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" and not driver.in_transaction:
        # As SQLAlchemy's own execution does; whoever closes the connection ends what is begun here.
        connection.begin()
    return driver


def run(connection: sa.Connection, sql: str, parameters: Any = ()) -> list[Row]:
    """Run one statement and fetch its rows; there are none where it gives none."""
    try:
        cursor = driver_of(connection).execute(sql, parameters)
        found: list[Row] = cursor.fetchall() if cursor.description is not None else []
    except module_of(connection).Error as error:
        raise told(connection, sql, error) from error
    cursor.close()
    return found


def run_many(connection: sa.Connection, sql: str, rows: Sequence[Any]) -> None:
    """Run one statement for each of these parameters."""
    driver = driver_of(connection)
    try:
        if len(rows) == 1:
            driver.execute(sql, rows[0]).close()
            return
        cursor = driver.cursor()
        cursor.executemany(sql, rows)
    except module_of(connection).Error as error:
        raise told(connection, sql, error) from error
    cursor.close()


def module_of(connection: sa.Connection) -> Any:
    """The driver's module, whose errors it raises."""
    return connection.dialect.loaded_dbapi


def told(connection: sa.Connection, sql: str, error: Exception) -> BaseException:
    """A driver's error in SQLAlchemy's words, so that whoever opened the connection understands it."""
    module = module_of(connection)
    return sa.exc.DBAPIError.instance(sql, None, error, module.Error, hide_parameters=True, dialect=connection.dialect)
