"""Records as SQL sees them: which rows exist for who asks, and each field as the asker may see it.

Everything that names a field in a query (columns, filters, order, search, expressions, paths to other records) gets it
from here, so a field that may not be read cannot be used either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

import sqlalchemy as sa

from engine.columns import BigInteger, IsoDate, Moment
from engine.expression import Function
from engine.expression.sql import Source, to_column, to_sql
from engine.expression.template import Correlated
from engine.model import Field, Model, Rule
from engine.store.database import Database, Dialect
from engine.store.prepared import Row, run_once
from engine.store.sight import Clause, Clauses, Reading, Sight, always
from engine.store.tables import Tables

ME, TODAY, NOW = "forme_me", "forme_today", "forme_now"
"""Names of the parameters that say who asks, and when."""
EVERYWHERE = Reading(open=(Clause(""),), everywhere=True)
YES = sa.literal_column("1", sa.Integer())


class Ground(Protocol):
    """What queries stand on; a Site is one."""

    @property
    def model(self) -> Model:
        """The compiled config."""

    @property
    def tables(self) -> Tables:
        """Its tables."""

    @property
    def database(self) -> Database:
        """Where they are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, and when: the values of every query's own parameters."""

    user: int | None
    today: date
    now: datetime

    def values(self) -> dict[str, Any]:
        """The parameters by name."""
        return {ME: self.user, TODAY: self.today, NOW: self.now}


@dataclass(frozen=True, slots=True)
class RecordSql:
    """The SqlContext of engine.expression.sql, over one model's tables.

    Without a sight it is the engine that reads: nothing is hidden, but deleted records and fields whose
    `visible_when` is not true are gone for it too.
    """

    model: Model
    tables: Tables
    dialect: Dialect
    sight: Sight | None = None
    asked: Asked | None = None
    """Set where a statement is run once; prepared ones are given their values at each run."""

    @classmethod
    def on(cls, ground: Ground, sight: Sight | None) -> RecordSql:
        """What this asker may see."""
        return cls(ground.model, ground.tables, ground.database.dialect, sight)

    @classmethod
    def system(cls, ground: Ground, today: date, now: datetime, me: int | None = None) -> RecordSql:
        """What the engine sees at this moment, on behalf of this user."""
        return cls(ground.model, ground.tables, ground.database.dialect, None, Asked(me, today, now))

    @property
    def me(self) -> sa.ColumnElement[Any]:
        """Who asks, as a parameter; empty for the engine."""
        return sa.bindparam(ME, None, type_=BigInteger())

    @property
    def today(self) -> sa.ColumnElement[Any]:
        """The firm's day, as a parameter."""
        return sa.bindparam(TODAY, None, type_=IsoDate())

    @property
    def now(self) -> sa.ColumnElement[Any]:
        """The moment, as a parameter."""
        return sa.bindparam(NOW, None, type_=Moment())

    @property
    def functions(self) -> Mapping[str, Function]:
        """The declared functions."""
        return self.model.functions

    def parameters(self) -> dict[str, Any]:
        """The values of who asks and when, for a statement that is run once."""
        assert self.asked is not None
        return self.asked.values()

    # ---- rows

    def open(self, entity: str) -> Source:
        """A fresh alias of the entity's rows, with the condition under which a row exists for the asker."""
        alias = self.tables.entities[entity].alias()
        return Source(entity, alias, sa.and_(*self._alive(entity, alias), *self._granted("read", entity, alias)))

    def opened(self, entity: str, verb: Any = "read", *, deleted: bool = False) -> Source:
        """As `open`, for rows on which this verb is granted besides reading; or for those in the recycle bin."""
        alias = self.tables.entities[entity].alias()
        conditions = [alias.c.deleted_at.is_not(None)] if deleted else self._alive(entity, alias)
        conditions += self._granted("read", entity, alias)
        if verb != "read":
            conditions += self._granted(verb, entity, alias)
        return Source(entity, alias, sa.and_(*conditions))

    def readable_or_deleted(self, entity: str) -> Source:
        """As `open`, with deleted rows too: for what computed links have found."""
        alias = self.tables.entities[entity].alias()
        return Source(entity, alias, sa.and_(sa.true(), *self._granted("read", entity, alias)))

    def condition(self, source: Source, clauses: Clauses) -> sa.ColumnElement[bool] | None:
        """The rule set as a condition on the source's row; None when it always holds."""
        if always(clauses):
            return None
        alternatives = [self._clause(source, clause) for clause in clauses]
        return sa.or_(sa.false(), *alternatives)

    def holds(self, source: Source, clauses: Clauses) -> sa.ColumnElement[bool]:
        """As `condition`, as a column that is never empty."""
        found = self.condition(source, clauses)
        return sa.true() if found is None else sa.func.coalesce(found, sa.false())

    def rule(self, source: Source, entity: str, rule: Rule) -> sa.ColumnElement[bool]:
        """One rule as a condition on the source's row; the rule may speak of a record that it is a line of."""
        return self._clause(source, Clause("", ((entity, rule),)))

    def _alive(self, entity: str, alias: sa.FromClause) -> list[sa.ColumnElement[bool]]:
        conditions: list[sa.ColumnElement[bool]] = [alias.c.deleted_at.is_(None)]
        owner = self.model.entities[entity].owned_by
        if owner is not None:
            conditions.append(self._above(alias, owner[0], lambda parent: sa.and_(*self._alive(owner[0], parent))))
        return conditions

    def _granted(self, verb: Any, entity: str, alias: sa.FromClause) -> list[sa.ColumnElement[bool]]:
        if self.sight is None:
            return []
        found = self.condition(Source(entity, alias, None), self.sight.rows(verb, entity))
        return [] if found is None else [found]

    def _clause(self, source: Source, clause: Clause) -> sa.ColumnElement[bool]:
        return sa.and_(sa.true(), *self._rules(source.entity, source.alias, clause.rules))

    def _rules(
        self, entity: str, alias: sa.FromClause, rules: tuple[tuple[str, Rule], ...]
    ) -> list[sa.ColumnElement[bool]]:
        """The rules of this entity on this row, and those of the records above it inside one EXISTS per level."""
        source = Source(entity, alias, None)
        found = [self._holds(rule, source) for name, rule in rules if name == entity]
        above = tuple(item for item in rules if item[0] != entity)
        owner = self.model.entities[entity].owned_by
        if above:
            assert owner is not None, f"{entity} is no line, but a rule speaks of {above[0][0]}"
            parent_entity = owner[0]
            found.append(
                self._above(alias, parent_entity, lambda parent: sa.and_(*self._rules(parent_entity, parent, above)))
            )
        return found

    def _above(
        self, alias: sa.FromClause, parent_entity: str, where: Callable[[sa.FromClause], sa.ColumnElement[bool]]
    ) -> sa.ColumnElement[bool]:
        parent = self.tables.entities[parent_entity].alias()
        inner = (
            sa.select(YES).select_from(parent).where(parent.c.id == Correlated(alias.c[parent_entity]), where(parent))
        )
        return inner.correlate(None).exists()

    def _holds(self, rule: Rule, source: Source) -> sa.ColumnElement[bool]:
        if rule.when is None:
            return sa.true() if rule.always else sa.false()
        # A rule asks as the engine: it may name fields that the asker cannot read.
        condition: sa.ColumnElement[bool] = to_sql(rule.when.node, self._engine(), source)
        return condition

    # ---- fields

    def column(self, source: Source, entity: str, field: str) -> sa.ColumnElement[Any]:
        """The field as the asker may see it: empty where it may not be read or is not visible."""
        known = self.model.field(entity, field)
        reading = self.reading(entity, field)
        if not reading.open:
            return self._empty(known)
        value = self.value(source, known)
        if reading.everywhere:
            return value
        condition = self.condition(source, reading.open)
        return value if condition is None else sa.case((condition, value))

    def reading(self, entity: str, field: str) -> Reading:
        """Where the field may be read."""
        return EVERYWHERE if self.sight is None else self.sight.reads(entity, field)

    def value(self, source: Source, field: Field) -> sa.ColumnElement[Any]:
        """The field's value wherever it is visible, whoever asks; what it is worked out from live stays under
        the asker's rights, unless the field says `declassify`."""
        value = self._stored(source, field)
        if field.visible_when is None:
            return value
        return sa.case((to_sql(field.visible_when.node, self._engine(), source), value))

    def shows(self, source: Source, field: Field) -> sa.ColumnElement[bool]:
        """Whether the field is visible on the row, as its `visible_when` says."""
        if field.visible_when is None:
            return sa.true()
        condition: sa.ColumnElement[bool] = to_sql(field.visible_when.node, self._engine(), source)
        return condition

    def _stored(self, source: Source, field: Field) -> sa.ColumnElement[Any]:
        found: sa.ColumnElement[Any] | None = source.alias.c.get(field.name)
        if found is not None:
            return found
        if field.computed is None:
            return self._empty(field)
        context = self._engine() if field.declassify else self
        type_ = field.kind.expression_type()
        if type_.kind == "number":
            return to_column(field.computed.node, context, source, type_.scale or 0)
        return to_sql(field.computed.node, context, source)

    def _empty(self, field: Field) -> sa.ColumnElement[Any]:
        type_ = self._type(field)
        return sa.cast(sa.null(), type_) if type_ is not None else sa.null()

    def _type(self, field: Field) -> sa.types.TypeEngine[Any] | None:
        column = self.tables.entities[field.entity].c.get(field.name)
        if column is not None:
            return column.type
        return field.kind.column() if field.computed is not None else None

    def _engine(self) -> RecordSql:
        return self if self.sight is None else replace(self, sight=None)


def rows(connection: sa.Connection, statement: sa.Select[Any], values: Mapping[str, Any]) -> list[Row]:
    """Run a statement once: plain tuples, each value as its field keeps it."""
    return run_once(connection, statement, values)
