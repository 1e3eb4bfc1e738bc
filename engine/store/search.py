"""Finding records by parts of words, in any script: an index of characters and adjacent pairs (bigrams).

The index is a filter: of a word all pairs are there, and the text itself is asked whether they stand together. Each
gram carries its field, so that a field which the asker may not read is never looked into.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles

from engine.limits import QUERY_TEXT_MAX
from engine.model import Model
from engine.store.driver import run_many
from engine.store.tables import Tables

COMMON: Final = 5_000
"""Above so many hits a list is better walked in its own order, asking of each row whether it is a hit."""
BATCH: Final = 2_000
WAYS_MAX: Final = 27
"""Three words in three fields: looks into the index of which most find nothing and cost a tenth of a millisecond."""
_RUNS: Final = re.compile(r"[^\W_]+")
"""Letters and digits that stand together."""


def fold(text: str) -> str:
    """The form in which texts are searched: NFKC, lower case."""
    return unicodedata.normalize("NFKC", text).lower()


def words(text: str) -> tuple[str, ...]:
    """The words of a query, folded. A record is found when each stands in one of the fields."""
    return tuple(dict.fromkeys(fold(text[:QUERY_TEXT_MAX]).split()))


def index(connection: sa.Connection, tables: Tables, entity: str, id: int, texts: Mapping[str, str]) -> None:
    """Let a record be found by these texts of its fields, and by no others."""
    if entity not in tables.searched:
        return
    write(connection, entity, [(id, texts)])


def write(connection: sa.Connection, entity: str, records: Sequence[tuple[int, Mapping[str, str]]]) -> None:
    """Index many records at once, for entities that are searched."""
    if connection.dialect.name == "sqlite":
        rows = [(id, " ".join(_tagged(entity, texts))) for id, texts in records]
        statement = f"INSERT OR REPLACE INTO {_fts(entity)} (rowid, grams) VALUES (?, ?)"  # noqa: S608 - an entity's id
        run_many(connection, statement, rows)
        return
    run_many(connection, _UPSERT, [(entity, id, _tagged(entity, texts)) for id, texts in records])


def remove(connection: sa.Connection, tables: Tables, entity: str, id: int) -> None:
    """Let a record be found no more."""
    if entity not in tables.searched:
        return
    if connection.dialect.name == "sqlite":
        run_many(connection, f"DELETE FROM {_fts(entity)} WHERE rowid = ?", [(id,)])  # noqa: S608 - an entity's id
    else:
        run_many(connection, "DELETE FROM forme_grams WHERE entity = %s AND record_id = %s", [(entity, id)])


def create(connection: sa.Connection, tables: Tables, entity: str) -> None:
    """Make the index of an entity, if its kind of database needs one of its own."""
    if entity in tables.searched and connection.dialect.name == "sqlite":
        # The words are ASCII tags and grams parted by blanks: of bytes above 127 this tokenizer parts none.
        connection.exec_driver_sql(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {_fts(entity)} "
            "USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')"
        )


def rebuild(connection: sa.Connection, tables: Tables, model: Model, entity: str) -> None:
    """Index all live records of an entity anew, whatever the index holds."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {_fts(entity)}")
    else:
        connection.execute(sa.delete(tables.grams).where(tables.grams.c.entity == entity))
    create(connection, tables, entity)
    fields = [model.entities[entity].fields[name] for name in tables.searched.get(entity, ())]
    if not fields:
        return
    table = tables.entities[entity]
    statement = sa.select(table.c.id, *(table.c[field.name] for field in fields)).where(table.c.deleted_at.is_(None))
    last = 0
    while rows := connection.execute(statement.where(table.c.id > last).order_by(table.c.id).limit(BATCH)).all():
        last = rows[-1][0]
        found = [
            (
                row[0],
                {
                    field.name: field.kind.search_text(value)
                    for field, value in zip(fields, row[1:], strict=True)
                    if value is not None
                },
            )
            for row in rows
        ]
        write(connection, entity, found)


def matches(
    tables: Tables,
    entity: str,
    fields: Collection[str],
    query: str,
    id_column: sa.ColumnElement[Any],
    *,
    text: Mapping[str, sa.ColumnElement[Any]] | None = None,
    common: bool = False,
) -> sa.ColumnElement[bool]:
    """The condition that every word of the query stands in one of these fields of the record with this id.

    `text` gives the fields as the asker may see them: each word is then looked for in these, so that nothing hidden
    on this row finds it. Without `text` the index alone answers, and a long word may be scattered. `common` (see
    `is_common`) looks into each row's own texts and leaves the index aside: where most rows are hits, asking the index
    of every row took minutes in an order that no index has. Nothing is found in no fields; no words find all.
    """
    allowed = [name for name in tables.searched.get(entity, ()) if name in fields]
    asked = words(query)
    if not asked:
        return sa.true()
    if not allowed:
        return sa.false()
    found: list[sa.ColumnElement[bool]] = []
    if any(_grams_of_word(word) for word in asked) and not (common and text is not None):
        found.append(_Indexed(tables, entity, allowed, asked, id_column, common))
    if text is not None:
        for word in asked:
            ways = (_stands(tables, entity, name, word, text[name], id_column) for name in allowed)
            found.append(sa.or_(*ways))
    return sa.and_(sa.true(), *found)


def _stands(
    tables: Tables, entity: str, field: str, word: str, column: sa.ColumnElement[Any], id_column: sa.ColumnElement[Any]
) -> sa.ColumnElement[bool]:
    if field in tables.verbatim[entity]:
        return _Contains(column, word)
    return sa.and_(column.is_not(None), _Indexed(tables, entity, [field], (word,), id_column, False))


def is_common(connection: sa.Connection, tables: Tables, entity: str, fields: Collection[str], text: str) -> bool:
    """Whether the index has more than COMMON hits. Costs about a millisecond."""
    allowed = [name for name in tables.searched.get(entity, ()) if name in fields]
    sought = _sought(words(text))
    if not allowed or not sought:
        return False
    if connection.dialect.name == "sqlite":
        counted = f"SELECT count(*) FROM (SELECT 1 FROM {_fts(entity)} WHERE {_fts(entity)} MATCH ? LIMIT ?)"  # noqa: S608 - an entity's id
        found = connection.exec_driver_sql(counted, (_match_text(entity, allowed, sought), COMMON + 1)).scalar_one()
        return int(found) > COMMON
    # PostgreSQL knows the most common grams from its statistics: its estimate is had without counting.
    conditions = " AND ".join("(" + " OR ".join("grams @> %s::text[]" for _ in allowed) + ")" for _ in sought)
    arrays = [[_tag(entity, field) + gram for gram in word] for word in sought for field in allowed]
    explained = f"EXPLAIN (FORMAT JSON) SELECT 1 FROM forme_grams WHERE entity = %s AND {conditions}"  # noqa: S608
    [plan] = connection.exec_driver_sql(explained, (entity, *arrays)).scalar_one()
    return int(plan["Plan"]["Plan Rows"]) > COMMON


def grams(text: str) -> set[str]:
    """Every letter or digit of a text and every adjacent pair of them."""
    found: set[str] = set()
    for run in _RUNS.findall(fold(text)):
        found.update(run)
        found.update(a + b for a, b in itertools.pairwise(run))
    return found


def _grams_of_word(word: str) -> set[str]:
    """What a record that holds the word must have: its pairs, or its only character."""
    found: set[str] = set()
    for run in _RUNS.findall(word):
        found.update({run} if len(run) == 1 else {a + b for a, b in itertools.pairwise(run)})
    return found


def _sought(asked: Collection[str]) -> list[list[str]]:
    return [grams for word in asked if (grams := sorted(_grams_of_word(word)))]


def _tag(entity: str, field: str) -> str:
    """A few digits for a field, and a letter that ends them: the same for ever, whatever becomes of the config."""
    return f"{zlib.crc32(f'{entity}.{field}'.encode()) % 10**6}x"


def _tagged(entity: str, texts: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    for name, text in texts.items():
        tag = _tag(entity, name)
        found += [tag + gram for gram in sorted(grams(text))]
    return found


_UPSERT: Final = (
    "INSERT INTO forme_grams (entity, record_id, grams) VALUES (%s, %s, %s::text[]) "
    "ON CONFLICT (entity, record_id) DO UPDATE SET grams = excluded.grams"
)


def _fts(entity: str) -> str:
    assert entity.isidentifier(), entity
    return f"forme_search_{entity}"


def _match_text(entity: str, fields: list[str], sought: list[list[str]]) -> str:
    """FTS5's own query language; the grams are letters and digits only, so quoting them is safe."""
    parts = []
    for word in sought:
        ways = (" AND ".join(f'"{_tag(entity, field)}{gram}"' for gram in word) for field in fields)
        parts.append("(" + " OR ".join(f"({way})" for way in ways) + ")")
    return " AND ".join(parts)


def _array_conditions(
    table: sa.FromClause, entity: str, fields: list[str], sought: list[list[str]]
) -> Iterator[sa.ColumnElement[bool]]:
    column = table.c.grams
    if len(fields) ** len(sought) <= WAYS_MAX:
        # Each way in which the words may stand in the fields is one look into the index, which meets all grams at once.
        # PostgreSQL takes the grams of a word for independent, expects far too few hits of it, and would otherwise look
        # the other words up row by row.
        ways = itertools.product(fields, repeat=len(sought))
        yield sa.or_(*(column.contains(_together(entity, way, sought)) for way in ways))
        return
    for word in sought:
        yield sa.or_(*(column.contains(_together(entity, (field,), [word])) for field in fields))


def _together(entity: str, fields: Sequence[str], sought: Sequence[Sequence[str]]) -> list[str]:
    """The grams of words that stand one in each of these fields."""
    return [_tag(entity, field) + gram for field, word in zip(fields, sought, strict=True) for gram in word]


class _Condition(sa.ColumnElement[bool]):
    """A condition that each kind of database has its own words for."""

    inherit_cache = False
    type = sa.Boolean()

    def condition(self, dialect: str) -> sa.ColumnElement[bool]:
        """The same in this database's words."""
        raise NotImplementedError

    def self_group(self, against: Any = None) -> Any:
        """Itself: SQLAlchemy would write `(...) = 1` on SQLite, which then uses no index."""
        return self


class _Indexed(_Condition):
    """What the index says."""

    inherit_cache = False  # each class must say so itself

    def __init__(
        self,
        tables: Tables,
        entity: str,
        fields: list[str],
        asked: tuple[str, ...],
        id_column: sa.ColumnElement[Any],
        common: bool,
    ) -> None:
        self.tables, self.entity, self.fields, self.asked = tables, entity, fields, asked
        self.id_column, self.common = id_column, common

    def condition(self, dialect: str) -> sa.ColumnElement[bool]:
        """The same in this database's words."""
        sought = _sought(self.asked)
        if not sought:
            return sa.true()
        return self._on_sqlite(sought) if dialect == "sqlite" else self._on_postgresql(sought)

    def _on_sqlite(self, sought: list[list[str]]) -> sa.ColumnElement[bool]:
        name = _fts(self.entity)
        source = sa.table(name, sa.column("rowid"), sa.column(name)).alias()
        hit = source.c[name].op("MATCH")(_match_text(self.entity, self.fields, sought))
        if not self.common:
            return self.id_column.in_(sa.select(source.c.rowid).where(hit))
        there: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(source)
        return sa.exists(there.where(hit, source.c.rowid == self.id_column).correlate_except(source))

    def _on_postgresql(self, sought: list[list[str]]) -> sa.ColumnElement[bool]:
        source = self.tables.grams.alias()
        hit = sa.and_(*_array_conditions(source, self.entity, self.fields, sought))
        if not self.common:
            ids = sa.select(source.c.record_id).where(source.c.entity == self.entity, hit).scalar_subquery()
            # As an array, gathered first: a plain IN would be a join, which PostgreSQL may well start from the list.
            return self.id_column == sa.any_(sa.func.array(ids, type_=postgresql.ARRAY(sa.BigInteger)))
        # A scalar subquery: EXISTS would be turned into a join that gathers all hits first.
        asked = sa.select(hit).where(source.c.entity == self.entity, source.c.record_id == self.id_column)
        return sa.func.coalesce(asked.correlate_except(source).scalar_subquery(), sa.false())


class _Contains(_Condition):
    """Whether a text holds a folded word."""

    inherit_cache = False

    def __init__(self, column: sa.ColumnElement[Any], word: str) -> None:
        self.column, self.word = column, word

    def condition(self, dialect: str) -> sa.ColumnElement[bool]:
        """The same in this database's words."""
        if dialect == "sqlite":
            return sa.func.instr(sa.func.forme_fold(self.column), self.word) > 0
        return sa.func.strpos(sa.func.lower(sa.func.normalize(self.column, sa.text("NFKC"))), self.word) > 0


@compiles(_Condition)
def _compile(element: _Condition, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.condition(compiler.dialect.name), **options)})"
