"""Statements compiled once and run many times on the driver itself, giving and taking plain values.

SQLAlchemy's compiler is used once for each, and its types still convert every parameter and every result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.compiler import SQLCompiler

from engine.store.driver import Row as Row
from engine.store.driver import execute, module_of, run, run_many, told
from engine.store.kept import Kept

RARE_RUNS: Final = 3
"""So often a statement that writes is run before PostgreSQL keeps it: most sets of columns are seen once."""
Convert = Callable[[Any], Any]


class Prepared:
    """One statement for one database, ready to run with changing parameters.

    Build the statement's own parameters with a value (None will do): lists of constants are spread while it is
    compiled, and SQLAlchemy then asks for them all.
    """

    def __init__(
        self, statement: sa.Select[Any] | sa.CompoundSelect[Any], dialect: sa.Dialect, *, steady: bool = False
    ) -> None:
        compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        assert isinstance(compiled, SQLCompiler)
        self.sql = str(compiled)
        self._dialect = dialect
        self.types = [column.type for column in statement.selected_columns]
        self._converters: list[tuple[int, Convert]] | None = None
        self._order: Sequence[str] | None = compiled.positiontup
        binds = [bind for parameter, name in compiled.bind_names.items() for bind in _binds(parameter, name, dialect)]
        # Values that the statement was built with are made ready once: constants, and what stands for "not given".
        self._built = {name: value if process is None else process(value) for name, value, process in binds}
        self._processors = [(name, process) for name, _, process in binds]
        self.steady = steady
        """Whether one plan is good for all values. PostgreSQL then makes it once; else it plans for the values that it
        is given, each time: what a search or a row rule finds differs by a factor of a million."""

    def rows(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[Row]:
        """The rows as plain tuples. Parameters that are not given have the value they were built with."""
        return self.convert(self.raw_rows(connection, values))

    def convert(self, found: list[Row]) -> list[Row]:
        """Raw rows with their values as Python has them."""
        return [self._convert(row) for row in found] if self._converters else found

    def raw_rows(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[Row]:
        """The rows as the driver gives them: for who knows better what to make of their values."""
        try:
            cursor = execute(connection, self.sql, self._parameters(values), prepare=self.steady)
            found: list[Row] = cursor.fetchall()
            if self._converters is None:
                self._converters = self._find_converters(cursor.description)
        except module_of(connection).Error as error:
            raise told(connection, self.sql, error) from error
        cursor.close()
        return found

    def converted_from(self, row: Row, start: int) -> Row:
        """One raw row with the values from this column on as Python has them."""
        values = list(row)
        for index, convert in self._converters or ():
            if index >= start:
                values[index] = convert(values[index])
        return tuple(values)

    def converters(self, instead: Mapping[int, Convert | None]) -> list[tuple[int, Convert]]:
        """Which columns of a raw row are converted, and how, with other conversions for some. After the first run."""
        known: dict[int, Convert | None] = {**dict(self._converters or ()), **instead}
        return [(index, convert) for index, convert in sorted(known.items()) if convert is not None]

    def seeks(self, connection: sa.Connection, values: Mapping[str, Any]) -> bool:
        """Whether the rows are found by indexes alone: nothing is read through, no more is sorted than a page."""
        if self._dialect.name == "postgresql":
            return not self.sorts(connection, values)
        steps = self._steps(connection, values)
        made = {step.split()[1] for step in steps if step.startswith(("CO-ROUTINE", "MATERIALIZE"))}
        read_through = any(step.startswith("SCAN") and step.split()[1] not in made for step in steps)
        return not read_through and not self.sorts(connection, values)

    def sorts(self, connection: sa.Connection, values: Mapping[str, Any]) -> bool:
        """Whether more rows are read than are wanted, to put them in order first."""
        if self._dialect.name == "postgresql":
            [(plans,)] = run(connection, f"EXPLAIN (FORMAT JSON) {self.sql}", self._parameters(values))
            limits = [node for node in _nodes(plans[0]["Plan"]) if node["Node Type"] == "Limit"]
            return not all(_walks(node["Plans"][0]) for node in limits)
        return any("TEMP B-TREE" in step for step in self._steps(connection, values))

    def _steps(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[str]:
        return [row[3] for row in run(connection, f"EXPLAIN QUERY PLAN {self.sql}", self._parameters(values))]

    def _parameters(self, values: Mapping[str, Any]) -> Any:
        ready = self._built.copy()
        for name, process in self._processors:
            if name in values:
                value = values[name]
                ready[name] = value if process is None else process(value)
        return ready if self._order is None else [ready[name] for name in self._order]

    def _find_converters(self, description: Sequence[Sequence[Any]]) -> list[tuple[int, Convert]]:
        # Some types need the driver's own code of the column, which is known only after the first run.
        found = (
            (index, type_.dialect_impl(self._dialect).result_processor(self._dialect, description[index][1]))
            for index, type_ in enumerate(self.types)
        )
        return [(index, convert) for index, convert in found if convert is not None]

    def _convert(self, row: Row) -> Row:
        values = list(row)
        for index, convert in self._converters or ():
            values[index] = convert(values[index])
        return tuple(values)


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A plan of PostgreSQL's with all below it."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _walks(node: Mapping[str, Any]) -> bool:
    """Whether just the rows that are wanted are read along an index."""
    return node["Node Type"] in ("Index Scan", "Index Only Scan") and "Filter" not in node


class Written:
    """An INSERT or UPDATE of one table, compiled once; its parameters are called like the columns."""

    def __init__(self, statement: sa.Insert | sa.Update, dialect: sa.Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        self.sql = str(compiled)
        self._runs = 0
        self._positional = compiled.positiontup is not None
        types = {name: parameter.type for parameter, name in compiled.bind_names.items()}
        names = compiled.positiontup or list(types)
        self._processors = [(name, types[name].dialect_impl(dialect).bind_processor(dialect)) for name in names]

    def run(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store the rows; each names every parameter."""
        # Every set of columns is a statement: those that come again are worth a place among PostgreSQL's prepared ones.
        self._runs += 1
        prepare = self._runs > RARE_RUNS
        run_many(connection, self.sql, [self._parameters(row) for row in rows], prepare=prepare)

    def _parameters(self, row: Mapping[str, Any]) -> Any:
        if self._positional:
            return [row[name] if to is None else to(row[name]) for name, to in self._processors]
        return {name: row[name] if to is None else to(row[name]) for name, to in self._processors}


def insertion(dialect: sa.Dialect, statements: Kept, table: sa.Table, names: Iterable[str]) -> Written:
    """The insertion of rows with these columns, kept among a site's statements."""
    key = ("insert", table.name, tuple(names), dialect.name)
    return statements.get(key, lambda: Written(sa.insert(table).values(_given(table, key[2])).inline(), dialect))


def alteration(dialect: sa.Dialect, statements: Kept, table: sa.Table, names: Iterable[str]) -> Written:
    """The change of these columns of one row, whose id is the parameter `row__id`; kept in the same way."""
    key = ("update", table.name, tuple(names), dialect.name)
    one = table.c.id == sa.bindparam("row__id", None, type_=table.c.id.type)
    return statements.get(key, lambda: Written(sa.update(table).where(one).values(_given(table, key[2])), dialect))


def _given(table: sa.Table, names: Iterable[str]) -> dict[str, Any]:
    return {name: sa.bindparam(name, None, type_=table.c[name].type) for name in names}


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


def run_once(connection: sa.Connection, statement: sa.Select[Any], values: Mapping[str, Any]) -> list[Row]:
    """Compile and run a statement that is used only once."""
    return Prepared(statement, connection.dialect).rows(connection, values)
