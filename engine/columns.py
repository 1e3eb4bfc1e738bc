"""Column types that store the same value alike on SQLite (STRICT tables) and PostgreSQL.

SQLite knows INTEGER, REAL, TEXT and BLOB only: decimals are scaled integers there, so that comparing, sorting
and adding stay exact; dates are ISO text; moments are UTC text of fixed width, so that text order is time order.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator


class _Strict(TypeDecorator[Any]):
    """A type that renders as one of SQLite's four storage classes, and as itself elsewhere."""

    impl: Any = sa.Text
    cache_ok = True
    sqlite: sa.types.TypeEngine[Any] = sa.Text()
    postgresql: sa.types.TypeEngine[Any] = sa.Text()

    def __init_subclass__(cls) -> None:
        # SQLAlchemy asks each class itself, not those that it extends.
        cls.cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        native = self.sqlite if dialect.name == "sqlite" else self.postgresql
        return dialect.type_descriptor(native)


class PlainText(_Strict):
    """Text, compared by code point on both databases."""

    postgresql = sa.Text(collation="C")


class BigInteger(_Strict):
    """A 64-bit integer: ids, whole numbers, versions."""

    impl = sa.BigInteger
    sqlite = sa.Integer()
    postgresql = sa.BigInteger()


class Flag(_Strict):
    """True or false."""

    impl = sa.Boolean
    sqlite = sa.Integer()
    postgresql = sa.Boolean()

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        return int(value) if dialect.name == "sqlite" else bool(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> bool | None:
        return None if value is None else bool(value)


class ExactDecimal(_Strict):
    """A decimal of a fixed scale: a scaled integer on SQLite, NUMERIC on PostgreSQL."""

    impl = sa.Numeric

    def __init__(self, scale: int) -> None:
        self.scale = scale
        self.sqlite = sa.Integer()
        # 38 digits hold every int64 at every scale; the int64 bound itself is kept by the field kinds.
        self.postgresql = sa.Numeric(38, scale)
        super().__init__()

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        exact = Decimal(value)
        if dialect.name != "sqlite":
            return exact
        scaled = exact.scaleb(self.scale)
        assert scaled == scaled.to_integral_value(), f"{value} has more than {self.scale} places"
        return int(scaled)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        if value is None:
            return None
        return Decimal(value).scaleb(-self.scale) if dialect.name == "sqlite" else Decimal(value)


class IsoDate(_Strict):
    """A calendar day."""

    postgresql = sa.Date()

    def process_bind_param(self, value: date | None, dialect: sa.Dialect) -> Any:
        return value if value is None or dialect.name != "sqlite" else value.isoformat()

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> date | None:
        return date.fromisoformat(value) if isinstance(value, str) else value


class IsoTime(_Strict):
    """A time of day, to the second."""

    postgresql = sa.Time()

    def process_bind_param(self, value: time | None, dialect: sa.Dialect) -> Any:
        return value if value is None or dialect.name != "sqlite" else value.isoformat("seconds")

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> time | None:
        return time.fromisoformat(value) if isinstance(value, str) else value


class Moment(_Strict):
    """A moment in UTC, to the microsecond; timezone-aware in Python."""

    postgresql = sa.DateTime(timezone=True)

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        if dialect.name != "sqlite":
            return utc
        return utc.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return None if value is None else value.astimezone(UTC)


class Json(_Strict):
    """Any JSON value, as text on SQLite and JSONB on PostgreSQL; keys sorted, so that equal values are equal text."""

    postgresql = postgresql.JSONB(none_as_null=True)

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return json.loads(value) if isinstance(value, str) and dialect.name == "sqlite" else value


class Bytes(_Strict):
    """Raw bytes: digests and ciphertexts."""

    impl = sa.LargeBinary
    sqlite = sa.LargeBinary()
    postgresql = sa.LargeBinary()


class Span(_Strict):
    """A length of time, in whole microseconds."""

    impl = sa.BigInteger
    sqlite = sa.Integer()
    postgresql = sa.BigInteger()

    def process_bind_param(self, value: timedelta | None, dialect: sa.Dialect) -> Any:
        return None if value is None else value // timedelta(microseconds=1)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> timedelta | None:
        return None if value is None else timedelta(microseconds=int(value))


class TextList(_Strict):
    """Several short texts in order, without line breaks: each on a line of its own, between line breaks.

    So an item is found by a plain search for its text between two breaks, alike on both databases: see `has_item`.
    """

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return "\n" + "".join(f"{item}\n" for item in value) if value else None

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(value.strip("\n").split("\n"))

    postgresql = sa.Text(collation="C")


class IdList(TextList):
    """Several ids in order, stored as a TextList's digits."""

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        found = super().process_result_value(value, dialect)
        return None if found is None else tuple(int(item) for item in found)


def has_item(dialect: str, column: sa.ColumnElement[Any], item: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether a TextList or IdList column holds this item (a text expression)."""
    search = sa.func.instr if dialect == "sqlite" else sa.func.strpos
    line_break = sa.literal("\n", sa.Text())
    sought = line_break + sa.cast(item, sa.Text()) + line_break
    return search(sa.type_coerce(column, sa.Text()), sought, type_=sa.Integer()) > 0
