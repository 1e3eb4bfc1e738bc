"""Which links point at records of an entity, and where lines that a save takes away are still linked to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.change import FieldError
from engine.limits import COUNT_MAX
from engine.model import Field
from engine.runtime.inquiry import Inquiry
from engine.runtime.session import Session
from engine.runtime.titles import titles
from engine.runtime.tree import Node, Tree
from engine.store import records

LINKS = frozenset({"link", "user", "team", "any_link"})
Key = tuple[str, int]


def links_to(session: Session, target: str) -> Iterator[Field]:
    """Every entered link of the config that may point at records of this entity."""
    for entity in session.model.entities.values():
        for link in entity.stored:
            if link.computed is not None or link.kind.key not in LINKS:
                continue
            if (link.kind.key == "any_link" and target in getattr(link.kind, "to", ())) or link.kind.target() == target:
                yield link


def linked_id(value: object, entity: str) -> int | None:
    """The id of the record of this entity that a link's stored value names."""
    if isinstance(value, int):
        return value
    named, _, id = value.partition(":") if isinstance(value, str) else ("", "", "")
    return int(id) if named == entity else None


def let_go(session: Session, tree: Tree) -> Iterator[FieldError]:
    """Empty the links of the record's own lines to lines that go, where they say `clear`; the others are refused, as
    are links from other records that restrict."""
    gone = {node.key: node for node in tree.root.walk_gone() if not node.is_new}
    if not gone:
        return
    for entity in {name for name, _ in gone}:
        for link in links_to(session, entity):
            for node in tree.of(link.entity):
                if (entity, linked_id(node.values.get(link.name), entity)) not in gone:
                    continue
                if behaviour(link) == "clear":
                    node.values[link.name] = None
                else:
                    yield session.error(node.place(link.name), "no_such_record", field=link.label.text(session.locale))
            if behaviour(link) == "restrict":
                for node in gone.values():
                    if node.entity.name == entity:
                        yield from _used_elsewhere(session, tree, gone, node, link)


def _used_elsewhere(
    session: Session, tree: Tree, gone: Mapping[Key, Node], node: Node, link: Field
) -> Iterator[FieldError]:  # fmt: skip
    own = {(one.entity.name, one.id) for one in tree.of(link.entity)} | gone.keys()
    ids = [id for id in linking(session, node, link) if (link.entity, id) not in own]
    if ids and node.parent is not None and node.entity.owned_by is not None:
        yield in_use(session, link.entity, ids, node.parent.place(node.entity.owned_by[1]))


def linking(session: Session, node: Node, link: Field) -> list[int]:
    """Ids of the live records whose link names this one."""
    value = f"{node.entity.name}:{node.id}" if link.kind.key == "any_link" else node.id
    return records.linking(session.connection, session.tables, link.entity, link.name, value)


def in_use(session: Session, entity: str, linking: list[int], place: str = "") -> FieldError:
    """What stands in the way: records that the person may see are counted, of others it is only told that there
    are some."""
    inquiry = Inquiry.on(session.site, session.actor, session.connection)
    seen = len(titles(inquiry, entity, linking[: COUNT_MAX + 1]))
    if not seen:
        return session.error(place, "in_use_unseen")
    words = session.entity(entity).plural.text(session.locale)
    return session.error(place, "in_use", entity=words, count=seen)


def behaviour(link: Field) -> str:
    """What the link says of the deletion of what it names: `restrict`, `clear` or `cascade`."""
    return str(getattr(link.kind, "on_delete", "restrict"))
