"""Reading a draft into a tree: every value parsed, every line matched, all mistakes collected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.change import Draft, FieldError
from engine.kinds import BadValue, Reader
from engine.limits import LINES_MAX
from engine.model import Field
from engine.runtime.access import Access
from engine.runtime.secrets import encrypt
from engine.runtime.session import Session
from engine.runtime.tree import Node, Tree, new_line
from engine.store import records

LINE_WORDS = frozenset({"id", "key", "version"})
"""What a line's mapping may hold besides its fields."""


@dataclass(slots=True)
class DraftReader:
    """One draft being read into one tree."""

    session: Session
    access: Access
    tree: Tree
    reader: Reader
    errors: list[FieldError] = field(default_factory=list)
    keys: dict[str, Node] = field(default_factory=dict)
    """New lines by the key that the draft gives them."""
    by_key: list[tuple[Node, Field, str]] = field(default_factory=list)
    """Links to new lines, resolved when all lines are known."""
    each: list[tuple[Node, Field, Sequence[Any]]] = field(default_factory=list)
    """Lists of rows that the engine keeps: read when the rows are in place."""
    count: int = 0
    awaited: dict[str, int] = field(default_factory=dict)
    """How many new lines the list that is being read holds, by their entity."""
    ids: dict[str, list[int]] = field(default_factory=dict)
    """Ids that were given and are not taken yet, the next one last."""

    @classmethod
    def of(cls, session: Session, access: Access, tree: Tree, draft: Draft) -> DraftReader:
        """A reader for this draft's source and person."""
        timezone = session.actor.timezone or session.model.app.timezone
        return cls(session, access, tree, Reader(draft.source, session.locale, timezone))

    def read(self, values: Mapping[str, Any]) -> None:
        """Read the whole draft; what is wrong is in `errors`."""
        self.read_values(self.tree.root, values)
        for node, link, key in self.by_key:
            target = self.keys.get(key)
            if target is None or target.entity.name != link.kind.target():
                self.fail(node, link.name, "no_such_key", key=key)
            else:
                node.values[link.name] = target.id

    def read_values(self, node: Node, values: Mapping[str, Any]) -> None:
        """Read one record's values."""
        drafted = self.access.rights.drafted(node.entity.name)
        for name, raw in values.items():
            target = drafted.get(name)
            if node.parent is not None and name in LINE_WORDS:
                continue
            if target is not None:
                node.named.add(name)
                self.read_value(node, target, raw)
            else:
                self.read_other(node, name, raw)

    def read_other(self, node: Node, name: object, raw: Any) -> None:
        """Read lines, and refuse what no draft may name."""
        target = node.entity.fields.get(name) if isinstance(name, str) else None
        if target is None or not self.access.rights.knows(target.entity, target.name):
            self.errors.append(self.session.error(f"{node.path}{name}"[:200], "unknown_field"))
        elif target.kind.key in ("lines", "links"):
            self.read_lines(node, target, raw)
        else:
            self.fail(node, target.name, "read_only", field=self.label(target))

    def read_value(self, node: Node, target: Field, raw: Any) -> None:
        """Read one value of one record."""
        key = raw.get("key") if isinstance(raw, dict) and len(raw) == 1 else None
        if isinstance(key, str):
            self.by_key.append((node, target, key))
            return
        if target.kind.secret and target.kind.is_empty(raw) and self.reader.source == "form":
            # A form never shows the secret, so an input left empty says nothing about it.
            return
        node.waiting.discard(target.name)
        if target.kind.is_empty(raw):
            node.values[target.name] = None
            self.let_go(node, target)
            return
        try:
            node.values[target.name] = target.kind.parse(raw, self.reader)
        except BadValue as bad:
            self.fail(node, target.name, bad.code, **{"field": self.label(target), **bad.details})
            return
        if target.kind.secret:
            place = (node.entity.name, target.name, node.id)
            node.values[target.name] = encrypt(self.session.site.key, place, node.values[target.name])
        if target.computed is not None:
            node.typed.add(target.name)

    def let_go(self, node: Node, target: Field) -> None:
        """An overridden figure that is cleared returns to its formula."""
        if target.computed is not None:
            node.typed.discard(target.name)
            node.waiting.add(target.name)

    def read_lines(self, node: Node, holder: Field, raw: Any) -> None:
        """Match a list against the lines that stand: with an id updated, without made, absent deleted."""
        node.named.add(holder.name)
        if raw is None:
            raw = []
        if not isinstance(raw, Sequence) or isinstance(raw, (str, bytes)):
            self.fail(node, holder.name, "not_a_list", field=self.label(holder))
            return
        line = self.session.model.line_entity(holder)
        if line.each is not None:
            self.each.append((node, holder, raw))
            return
        self.count += len(raw)
        if self.count > LINES_MAX:
            self.fail(node, holder.name, "too_many_lines", limit=LINES_MAX)
            return
        standing = {self.line_key(holder, one): one for one in node.lines[holder.name]}
        self.awaited[line.name] = sum(1 for item in raw if is_new_line(item))
        kept: list[Node] = []
        for number, item in enumerate(raw):
            path = f"{node.path}{holder.name}.{number}."
            values = {"id": item} if holder.kind.key == "links" and not isinstance(item, Mapping) else item
            if not isinstance(values, Mapping):
                self.errors.append(self.session.error(path.rstrip("."), "not_a_line"))
                continue
            if holder.kind.key == "links" and _named_before(values, raw[:number]):
                continue  # records are linked or not: naming one twice says nothing more
            one = self.match(node, holder, values, standing, path)
            if one is not None:
                kept.append(one)
        for one in node.lines[holder.name]:
            if one not in kept:
                node.gone.append(one)
                self.tree.remove(one)
        node.lines[holder.name] = kept

    def match(
        self, node: Node, holder: Field, values: Mapping[str, Any], standing: dict[int, Node], path: str
    ) -> Node | None:
        """The line that an item of a list means, with the item's values read; None when it is wrong."""
        id = values.get("id")
        if holder.kind.key == "links":
            return self.match_link(node, holder, values, standing, path)
        if id is not None and id != "":
            one = standing.pop(whole(id), None)
            if one is None:
                self.errors.append(self.session.error(f"{path}id", "no_such_line"))
                return None
            one.path = path
        else:
            one = self.make(node, holder, path)
        key = values.get("key")
        if isinstance(key, str) and key:
            self.keys[key] = one
        self.read_values(one, values)
        return one

    def match_link(
        self, node: Node, holder: Field, values: Mapping[str, Any], standing: dict[int, Node], path: str
    ) -> Node | None:
        """In many-to-many fields `id` is the linked record's, and attributes of the link stand beside it."""
        target = whole(values.get("id"))
        one = standing.pop(target, None)
        if one is None:
            one = self.make(node, holder, path)
            one.named.add("target")
            self.read_value(one, one.entity.fields["target"], values.get("id"))
        one.path = path
        attributes = {name: raw for name, raw in values.items() if name not in ("id", "title")}
        self.read_values(one, attributes)
        return one

    def make(self, node: Node, holder: Field, path: str) -> Node:
        """A new line below a record."""
        line = self.session.model.line_entity(holder)
        one = new_line(line, self.new_id(line.name), node, path)
        expect_figures(one)
        self.tree.add(one)
        return one

    def new_id(self, entity: str) -> int:
        """An id for a new line; a list of them is given its ids at once."""
        ids = self.ids.setdefault(entity, [])
        if not ids:
            wanted = max(1, self.awaited.pop(entity, 1))
            ids += reversed(records.allocate(self.session.connection, self.session.tables, entity, wanted))
        return ids.pop()

    def line_key(self, holder: Field, one: Node) -> int:
        """What a list's item names a standing line by."""
        return int(one.values["target"]) if holder.kind.key == "links" else one.id

    def is_combination(self, node: Node, name: str) -> bool:
        """Whether the field is one of those that say which combination a kept row stands for."""
        return node.entity.each is not None and name in node.entity.each.lists

    def label(self, target: Field) -> str:
        """The field's word in the person's language."""
        return target.label.text(self.session.locale)

    def fail(self, node: Node, name: str, code: str, **details: object) -> None:
        """Note one mistake."""
        self.errors.append(self.session.error(node.place(name), code, **details))


def expect_figures(node: Node) -> None:
    """Let every default and stored formula of a new record wait to be worked out."""
    for target in node.entity.fields.values():
        if target.stored and not target.system and (target.computed is not None or target.default is not None):
            node.waiting.add(target.name)


def expect_formulas(node: Node, *, frozen: bool) -> None:
    """Let every stored formula of a standing record wait: the save works it out anew.

    Rollups over backlinks stay: the saves of what they count keep them right. On a frozen record only the fields
    that the config keeps live are worked out.
    """
    for target in node.entity.fields.values():
        if target.computed is None or not target.stored or target.pushed or target.name in node.typed:
            continue
        if not (frozen and target.frozen):
            node.waiting.add(target.name)


def _named_before(values: Mapping[str, Any], items: Sequence[Any]) -> bool:
    target = whole(values.get("id"))
    return target != 0 and any(target == whole(item.get("id") if isinstance(item, Mapping) else item) for item in items)


def is_new_line(item: Any) -> bool:
    """Whether an item of a list of lines names none that stands."""
    return isinstance(item, Mapping) and item.get("id") in (None, "")


def whole(raw: Any) -> int:
    """An id as typed or as JSON; 0, which no record has, for anything else."""
    if isinstance(raw, bool):
        return 0
    if isinstance(raw, int):
        return raw
    return int(raw) if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) < 19 else 0
