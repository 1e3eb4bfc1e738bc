"""Statements run on the driver itself, whose errors are told in SQLAlchemy's words.

SQLAlchemy's own execution costs more than a short statement does. What is asked in every request or save is therefore
text, compiled once or written by hand, and goes to the driver within the transaction that SQLAlchemy has begun.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa

Row = tuple[Any, ...]
IDLE: Final = 0
"""libpq's PQTRANS_IDLE: no transaction is open."""
IN_ERROR: Final = 3
"""libpq's PQTRANS_INERROR: nothing but a rollback is left."""
COMMAND_OK: Final = 1
"""libpq's PGRES_COMMAND_OK."""


def run(connection: sa.Connection, sql: str, parameters: Any = (), *, prepare: bool = False) -> list[Row]:
    """Run one statement and fetch its rows; there are none where it gives none. What is asked in every save is worth
    to `prepare` on PostgreSQL, which then takes no more than one statement."""
    try:
        cursor = execute(connection, sql, parameters, prepare=prepare)
        found: list[Row] = cursor.fetchall() if cursor.description is not None else []
    except module_of(connection).Error as error:
        raise told(connection, sql, error) from error
    cursor.close()
    return found


def run_script(connection: sa.Connection, *statements: str) -> list[Row]:
    """Run statements without parameters in one message to PostgreSQL, BEGIN before them where it is needed; the rows
    of the last."""
    driver = driver_of(connection)
    script = "; ".join((*([connection.info["begin"]] if driver.pgconn.transaction_status == IDLE else []), *statements))
    try:
        cursor = driver.execute(script)
        while cursor.nextset():
            pass
        found: list[Row] = cursor.fetchall()
    except module_of(connection).Error as error:
        raise told(connection, script, error) from error
    cursor.close()
    return found


def run_many(connection: sa.Connection, sql: str, rows: Sequence[Any], *, prepare: bool = True) -> None:
    """Run one statement for each of these parameters."""
    try:
        if len(rows) == 1:
            execute(connection, sql, rows[0], prepare=prepare).close()
            return
        begin(connection)
        cursor = connection.connection.cursor()
        cursor.executemany(sql, rows)
    except module_of(connection).Error as error:
        raise told(connection, sql, error) from error
    cursor.close()


@contextmanager
def together(connection: sa.Connection) -> Iterator[None]:
    """Send what is run inside to PostgreSQL in one message; its errors come at the end."""
    if connection.dialect.name == "sqlite":
        yield
        return
    begin(connection)
    try:
        with driver_of(connection).pipeline():
            yield
    except module_of(connection).Error as error:
        raise told(connection, "", error) from error


def execute(connection: sa.Connection, sql: str, parameters: Any, *, prepare: bool) -> Any:
    """The driver's cursor after this statement. PostgreSQL's first one goes out together with BEGIN."""
    driver = driver_of(connection)
    if connection.dialect.name == "sqlite":
        if not driver.in_transaction:
            # As SQLAlchemy's own execution does; whoever closes the connection ends what is begun here.
            connection.begin()
        return driver.execute(sql, parameters)
    if driver.pgconn.transaction_status != IDLE:
        return driver.execute(sql, parameters, prepare=prepare)
    with driver.pipeline():
        driver.execute(connection.info["begin"])
        return driver.execute(sql, parameters, prepare=prepare)


def begin(connection: sa.Connection) -> None:
    """Begin a transaction on the driver where there is none."""
    driver = driver_of(connection)
    if connection.dialect.name == "sqlite":
        if not driver.in_transaction:
            connection.begin()
    elif driver.pgconn.transaction_status == IDLE:
        driver.execute(connection.info["begin"])


def driver_of(connection: sa.Connection) -> Any:
    """The driver's own connection."""
    return connection.connection.driver_connection


def module_of(connection: sa.Connection) -> Any:
    """The driver's module, whose errors it raises."""
    return connection.dialect.loaded_dbapi


def told(connection: sa.Connection, sql: str, error: Exception) -> BaseException:
    """A driver's error in SQLAlchemy's words, so that whoever opened the connection understands it."""
    module, dialect = module_of(connection), connection.dialect
    lost = isinstance(error, module.Error) and dialect.is_disconnect(error, connection.connection, None)
    return sa.exc.DBAPIError.instance(
        sql, None, error, module.Error, hide_parameters=True, connection_invalidated=lost, dialect=dialect
    )
