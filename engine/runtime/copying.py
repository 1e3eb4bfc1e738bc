"""A new version of a record with its lines: what was entered is taken over, what is worked out is new."""

from __future__ import annotations

from collections.abc import Iterator

from engine.change import Actor, Change, Draft, Forbidden, NotFound
from engine.model import Field
from engine.runtime import permission
from engine.runtime.access import Access
from engine.runtime.draft import expect_figures
from engine.runtime.figures import Figures
from engine.runtime.save import make
from engine.runtime.session import Session
from engine.runtime.site import Site
from engine.runtime.transaction import in_transaction
from engine.runtime.tree import Node, Tree, load_tree, new_line, new_tree
from engine.store import records


def copy(site: Site, actor: Actor, entity: str, id: int) -> Change:
    """Make a new version of a record: the stage returns to the first, and the `copy` of the config sets the rest.

    Raises NotFound, Forbidden, or InvalidRecord when the copy would not be complete.
    """
    return in_transaction(site, actor, lambda session: copy_in(session, entity, id))


def copy_in(session: Session, entity: str, id: int) -> Change:
    """The same inside a transaction that is open."""
    access = Access(session.site, session.actor)
    known = permission.known_entity(session, access, entity)
    source = load_tree(session, known, id)
    if source is None or not known.copy:
        raise NotFound(entity)
    before = Figures(session, source)
    permission.require_readable(access, before)
    opening = _may_open(access, before)
    if not access.ever("create", entity):
        raise Forbidden(session.say("may_not_create", entity=known.label.text(session.locale)))
    tree = _taken_over(session, source, opening)
    figures = Figures(session, tree, old=source.root)
    for name, default in known.copy.set.items():
        tree.root.waiting.discard(name)
        tree.root.values[name] = figures.default(default, tree.root, known.fields[name])
    figures.old = None
    return make(session, access, Draft(entity), figures)


def _may_open(access: Access, before: Figures) -> frozenset[tuple[str, int, str]]:
    """Values of the source that this person may not read, though perhaps on a copy: it will be theirs."""
    return frozenset(
        (*node.key, field.name)
        for node in before.tree.root.walk()
        for field in node.entity.fields.values()
        if (reading := access.reading(node.entity.name, field.name)).open
        and not reading.everywhere
        and not access.readable(node.entity.name, field.name, permission.rows_of(before, node))
    )


def _taken_over(session: Session, source: Tree, left: frozenset[tuple[str, int, str]]) -> Tree:
    [id] = records.allocate(session.connection, session.tables, source.root.entity.name, 1)
    tree = new_tree(source.root.entity, id)
    new_ids = {source.root.key: id}
    _take(session, tree, source.root, tree.root, new_ids, left)
    for node in tree.root.walk():
        for field in _entered(node):
            target = field.kind.target()
            # Links among the lines point at their copies; a link to the source itself stays with the source.
            if target is not None and target != source.root.entity.name:
                linked = node.values.get(field.name)
                if isinstance(linked, int):
                    node.values[field.name] = new_ids.get((target, linked), linked)
    return tree


def _take(
    session: Session, tree: Tree, old: Node, new: Node, new_ids: dict[tuple[str, int], int],
    left: frozenset[tuple[str, int, str]],
) -> None:  # fmt: skip
    expect_figures(new)
    for field in _entered(old):
        if field.name == old.entity.stage or field.kind.key == "number" or field.kind.secret:
            continue
        if (field.computed is not None and field.name not in old.typed) or (*old.key, field.name) in left:
            continue
        new.waiting.discard(field.name)
        new.values[field.name] = old.values.get(field.name)
        if field.computed is not None:
            new.typed.add(field.name)
    for name, lines in old.lines.items():
        if (*old.key, name) in left:
            continue
        entity = session.model.line_entity(old.entity.fields[name]).name
        ids = records.allocate(session.connection, session.tables, entity, len(lines))
        for number, (line, id) in enumerate(zip(lines, ids, strict=True)):
            one = new_line(line.entity, id, new, f"{new.path}{name}.{number}.")
            new.lines[name].append(one)
            tree.add(one)
            new_ids[line.key] = id
            _take(session, tree, line, one, new_ids, left)


def _entered(node: Node) -> Iterator[Field]:
    """What a person may have entered: plain fields, and figures that were typed over."""
    return (f for f in node.entity.stored if f.computed is None or f.override)
