"""A SELECT compiled once and run many times on the driver itself, giving plain tuples.

SQLAlchemy's own execution costs more than a short query on SQLite; here its compiler is used once, and its types still
convert every parameter and every result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.compiler import SQLCompiler

Convert = Callable[[Any], Any]
Row = tuple[Any, ...]


class Prepared:
    """One statement for one database, ready to run with changing parameters.

    Build the statement's own parameters with a value (None will do): lists of constants are spread while it is compiled,
    and SQLAlchemy then asks for them all.
    """

    def __init__(self, statement: sa.Select[Any] | sa.CompoundSelect[Any], dialect: sa.Dialect) -> None:
        compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        assert isinstance(compiled, SQLCompiler)
        self.sql = str(compiled)
        self._dialect = dialect
        self._types = [column.type for column in statement.selected_columns]
        self._converters: list[tuple[int, Convert]] | None = None
        self._order: Sequence[str] | None = compiled.positiontup
        self._binds = [
            bind for parameter, name in compiled.bind_names.items() for bind in _binds(parameter, name, dialect)
        ]

    def rows(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[Row]:
        """The rows as plain tuples. Parameters that are not given have the value they were built with."""
        if not connection.in_transaction():
            # As SQLAlchemy's own execution does; whoever closes the connection ends what is begun here.
            connection.begin()
        driver: Any = connection.dialect.loaded_dbapi
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self.sql, self._parameters(values))
            found = cursor.fetchall()
            if self._converters is None:
                self._converters = self._find_converters(cursor.description)
        except driver.Error as error:
            # In SQLAlchemy's words, so that whoever opened the connection understands them.
            raise sa.exc.DBAPIError.instance(
                self.sql, None, error, driver.Error, hide_parameters=True, dialect=connection.dialect
            ) from error
        finally:
            cursor.close()
        return [self._convert(row) for row in found] if self._converters else list(found)

    def _parameters(self, values: Mapping[str, Any]) -> Any:
        ready = {}
        for name, built, process in self._binds:
            value = values[name] if name in values else built
            ready[name] = value if process is None else process(value)
        return ready if self._order is None else [ready[name] for name in self._order]

    def _find_converters(self, description: Sequence[Sequence[Any]]) -> list[tuple[int, Convert]]:
        # Some types need the driver's own code of the column, which is known only after the first run.
        found = (
            (index, type_.dialect_impl(self._dialect).result_processor(self._dialect, description[index][1]))
            for index, type_ in enumerate(self._types)
        )
        return [(index, convert) for index, convert in found if convert is not None]

    def _convert(self, row: Row) -> Row:
        values = list(row)
        for index, convert in self._converters or ():
            values[index] = convert(values[index])
        return tuple(values)


def _binds(
    parameter: sa.BindParameter[Any], name: str, dialect: sa.Dialect
) -> Iterator[tuple[str, Any, Convert | None]]:
    """Name, value as built, and conversion; a list (`IN`) is one parameter for each of its items."""
    process = parameter.type.dialect_impl(dialect).bind_processor(dialect)
    if not parameter.expanding:
        yield name, parameter.value, process
        return
    for number, item in enumerate(parameter.value or (), start=1):
        yield f"{name}_{number}", item, process


def run(connection: sa.Connection, statement: sa.Select[Any], values: Mapping[str, Any]) -> list[Row]:
    """Compile and run a statement that is used only once."""
    return Prepared(statement, connection.dialect).rows(connection, values)
