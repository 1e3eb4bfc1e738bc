"""Storing a tree: rows, history and search index, in the transaction that is open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.model import Entity, Field
from engine.runtime.figures import Figures
from engine.runtime.naming import name_of
from engine.runtime.permission import file_ids
from engine.runtime.session import Session
from engine.runtime.stages import pipeline_of
from engine.runtime.tree import Node
from engine.store import files, history, records, search
from engine.store.driver import together
from engine.store.history import Entry

HIDDEN_VALUE = "•••"
"""What history keeps of a secret."""


def store_tree(
    figures: Figures, action: str, *, keep_version: bool = False, touch: bool = False, rule: str = "",
    deletion: str | None = None,
) -> int:  # fmt: skip
    """Write what changed and return the root's version afterwards; nothing changed writes nothing, unless it is
    to `touch` the record, of which something came back.

    `keep_version` is for figures that follow from another record: nobody who is editing this one is in conflict.
    Lines that go with a `deletion` come back with it.
    """
    session = figures.session
    root = figures.tree.root
    version = 1 if root.before is None else int(root.before["version"])
    stamp = not keep_version
    root.number_lines()
    changed = [node for node in root.walk() if node.is_new or _row_changes(figures, node)]
    gone = list(root.walk_gone())
    if not changed and not gone and not touch:
        return version
    if not root.is_new and stamp:
        version += 1
        if root not in changed:
            changed.insert(0, root)
    # Whatever is still to be read for them is read before anything is sent.
    rows = [(node, _row(figures, node, version if stamp or node.is_new else None)) for node in changed]
    entries = [
        _entry(session, node, root, "created" if node.is_new else action, rule, changed_fields(node))
        for node in changed
    ]
    entries += [_entry(session, node, root, "deleted", rule, {}) for node in gone]
    with together(session.connection):
        # What goes and what changes lets its unique values go first: another line may take them over.
        for node in gone:
            _delete_line(session, node, version, deletion)
        _let_go(session, changed)
        _insert(session, [(node, row) for node, row in rows if node.is_new])
        for node, row in rows:
            if not node.is_new:
                records.update(session.connection, session.tables, node.entity.name, node.id, row)
            _index(session, node)
        history.write(session.connection, session.tables, entries)
    for node in changed:
        _use_files(session, node)
    return version


def changed_fields(node: Node) -> dict[str, tuple[Any, Any]]:
    """The stored fields whose values differ from the stored row, as (old, new)."""
    values, before = node.values, node.before or {}
    pairs = ((field.name, before.get(field.name), values.get(field.name)) for field in node.entity.stored)
    return {name: (old, new) for name, old, new in pairs if new != old}


def _row(figures: Figures, node: Node, version: int | None) -> dict[str, Any]:
    """The columns to store: all of a new row, of a standing one those that change."""
    if node.is_new:
        assert version is not None
        return _new_row(figures, node, version)
    row = _row_changes(figures, node)
    if version is not None:
        row |= {"version": version, "updated_at": figures.session.now, "updated_by": figures.session.actor.user}
    return row


def _insert(session: Session, rows: Iterable[tuple[Node, dict[str, Any]]]) -> None:
    """The new rows, one statement for each entity, parents before their lines."""
    found: dict[str, list[dict[str, Any]]] = {}
    for node, row in rows:
        found.setdefault(node.entity.name, []).append(row)
    for entity, made in found.items():
        records.insert(session.connection, session.tables, entity, made)


def _let_go(session: Session, changed: Sequence[Node]) -> None:
    """Empty the unique values that lines are about to change, where another line of the change may take them."""
    alike = Counter(node.entity.name for node in changed)
    for node in changed:
        if node.is_new or alike[node.entity.name] == 1:
            continue
        unique = {name for names in node.entity.unique_sets for name in names if node.was(name) is not None}
        moved = {name: None for name in unique & node.values.keys() if node.changed(name)}
        records.update(session.connection, session.tables, node.entity.name, node.id, moved)


def _new_row(figures: Figures, node: Node, version: int) -> dict[str, Any]:
    session = figures.session
    row = {field.name: node.values.get(field.name) for field in node.entity.stored}
    row |= _beside(figures, node)
    row |= {"id": node.id, "version": version, "created_at": session.now, "created_by": session.actor.user}
    row |= {"updated_at": session.now, "updated_by": session.actor.user}
    if node.parent is not None:
        row[node.parent.entity.name] = node.parent.id
    return row


def _row_changes(figures: Figures, node: Node) -> dict[str, Any]:
    """The columns of a standing row that change."""
    before = node.before
    assert before is not None
    changes = {name: new for name, (_, new) in changed_fields(node).items()}
    changes |= {name: value for name, value in _beside(figures, node).items() if before.get(name) != value}
    return changes


def _beside(figures: Figures, node: Node) -> dict[str, Any]:
    """The columns that stand beside fields: what is typed over, titles found, the pipeline, the line's place."""
    beside: dict[str, Any] = {}
    for field in node.entity.stored:
        if field.override:
            beside[f"{field.name}__typed"] = node.values.get(field.name) if field.name in node.typed else None
        if field.computed is not None and field.kind.key in ("link", "user", "team"):
            beside[f"{field.name}__title"] = _found_title(figures, node, field)
    if node.entity.stage is not None:
        pipeline = pipeline_of(figures, node)
        beside[f"{node.entity.stage}__pipeline"] = pipeline.name if pipeline else None
        moved = node.is_new or node.changed(node.entity.stage)
        beside["stage_since"] = figures.session.now if moved else (node.before or {}).get("stage_since")
    if node.parent is not None:
        beside["line__position"] = node.position
    return beside


def _found_title(figures: Figures, node: Node, field: Field) -> str | None:
    """What the found record was called when it was found: kept, as the figure is."""
    found = node.values.get(field.name)
    if found is None:
        return None
    kept = (node.before or {}).get(f"{field.name}__title")
    if not node.changed(field.name) and kept is not None:
        return str(kept)
    target = field.kind.target() or ""
    return name_of(figures, figures.tree.node(target, found) or (target, found))


def _index(session: Session, node: Node) -> None:
    """Bring the search index to the record's present texts."""
    searched = [field for field in node.entity.stored if field.search]
    if not searched or not any(node.is_new or node.changed(field.name) for field in searched):
        return
    texts = {
        field.name: field.kind.search_text(value)
        for field in searched
        if (value := node.values.get(field.name)) is not None
    }
    search.index(session.connection, session.tables, node.entity.name, node.id, texts)


def _use_files(session: Session, node: Node) -> None:
    """Note the files that the record holds now, so that nobody sweeps them away."""
    held = {
        id
        for name in node.entity.pointing
        if node.entity.fields[name].kind.widget == "file" and node.changed(name)
        for id in file_ids(node.values.get(name))
    }
    if held:
        files.use(session.connection, session.tables, held, session.now)


def _delete_line(session: Session, node: Node, version: int, deletion: str | None) -> None:
    """A line that a save takes away: it stays in the database, without a way back of its own."""
    row = {"deleted_at": session.now, "deleted__with": deletion, "version": version}
    row |= {"updated_at": session.now, "updated_by": session.actor.user}
    records.update(session.connection, session.tables, node.entity.name, node.id, row)
    search.remove(session.connection, session.tables, node.entity.name, node.id)


def _entry(
    session: Session, node: Node, root: Node, action: str, rule: str, changes: Mapping[str, tuple[Any, Any]]
) -> Entry:  # fmt: skip
    return Entry(
        at=session.now,
        user=session.actor.user,
        actor=session.actor.name,
        entity=node.entity.name,
        record=node.id,
        root_entity=root.entity.name,
        root=root.id,
        action=action,
        changes=json_changes(node.entity, changes),
        rule=rule,
    )


def json_changes(entity: Entity, changes: Mapping[str, tuple[Any, Any]]) -> dict[str, list[Any]]:
    """Changes as history keeps them; of a secret only that it changed."""
    return {name: [_kept(entity.fields[name], value) for value in pair] for name, pair in changes.items()}


def _kept(field: Field, value: Any) -> Any:
    if value is None:
        return None
    return HIDDEN_VALUE if field.kind.secret else field.kind.to_json(value)


__all__ = ["changed_fields", "json_changes", "store_tree"]
