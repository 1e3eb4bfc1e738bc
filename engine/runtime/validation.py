"""What a record must be before it is stored: complete, allowed by the firm's checks, unique."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from engine.change import FieldError
from engine.expression.nodes import Find, walk
from engine.model import Check, Field
from engine.runtime.access import Access
from engine.runtime.dependencies import Dependencies
from engine.runtime.figures import Figures
from engine.runtime.naming import name_of
from engine.runtime.stages import stage_errors
from engine.runtime.tree import Node
from engine.store import records


def errors_of(figures: Figures) -> Iterator[FieldError]:
    """Everything wrong with the tree as it would be stored."""
    for node in figures.tree.root.walk():
        for field in node.entity.guarded:
            if figures.visible(node, field):
                yield from _field_errors(figures, node, field)
        yield from stage_errors(figures, node)
        for check in node.entity.checks.values():
            if check.refuses and figures.holds(check.when, node):
                yield _check_error(figures, node, check)
    yield from unique_errors(figures)


def warnings_of(figures: Figures) -> Iterator[FieldError]:
    """The firm's warnings that a person may confirm."""
    for node in figures.tree.root.walk():
        for check in node.entity.checks.values():
            if not check.refuses and figures.holds(check.when, node):
                yield _check_error(figures, node, check)


def frozen_errors(figures: Figures, frozen: set[tuple[str, int]], dependencies: Dependencies) -> Iterator[FieldError]:
    """Changes to what a frozen figure was worked out from."""
    feeding = dependencies.feeding(figures.tree.root.entity.name)
    for node in figures.tree.root.walk():
        if node.key not in frozen:
            continue
        for field in node.entity.fields.values():
            figure = field.computed is not None
            feeds = figure or (field.entity, field.name) in feeding
            if not feeds or not field.frozen or field.name == node.entity.stage:
                continue
            label = field.label.text(figures.session.locale)
            if field.name in node.lines:
                if _list_changed(node, field.name):
                    yield figures.session.error(node.place(field.name), "frozen", field=label)
            elif field.stored and field.writable and _touched(node, field):
                yield figures.session.error(node.place(field.name), "frozen", field=label)


def _touched(node: Node, field: Field) -> bool:
    """Whether a value changes, or a figure that was typed over goes back to its formula."""
    let_go = field.override and node.was(f"{field.name}__typed") is not None and field.name not in node.typed
    return let_go or node.changed(field.name)


def _list_changed(node: Node, name: str) -> bool:
    holder = (node.entity.name, name)
    return any(line.is_new for line in node.lines[name]) or any(g.entity.owned_by == holder for g in node.gone)


def _field_errors(figures: Figures, node: Node, field: Field) -> Iterator[FieldError]:
    needed = field.required or (field.required_when is not None and figures.holds(field.required_when, node))
    if field.name in node.lines:
        if needed and not node.lines[field.name]:
            yield _needed(figures, node, field)
        return
    value = figures.value(node, field.name) if needed or field.stored else None
    if value is None and needed:
        yield _needed(figures, node, field)
    if field.stored and field.name in node.named and node.changed(field.name):
        if value is not None:
            yield from _choice_errors(figures, node, field, value)
        if field.readonly_when is not None and figures.holds(field.readonly_when, node):
            label = field.label.text(figures.session.locale)
            yield figures.session.error(node.place(field.name), "read_only", field=label)


def _choice_errors(figures: Figures, node: Node, field: Field, value: Any) -> Iterator[FieldError]:
    for choice in value if isinstance(value, (list, tuple)) else (value,):
        condition = field.choices_when.get(choice)
        if condition is not None and not figures.holds(condition, node):
            label = field.label.text(figures.session.locale)
            yield figures.session.error(node.place(field.name), "choice_not_now", field=label, choice=choice)


def _needed(figures: Figures, node: Node, field: Field) -> FieldError:
    """A missing value: of a formula, the message says what it was looking for."""
    session = figures.session
    label = field.label.text(session.locale)
    if field.computed is None:
        return session.error(node.place(field.name), "required", field=label)
    named = name_of(figures, node, reader=Access(session.site, session.actor))
    sought = [n.entity for n in walk(field.computed.node) if isinstance(n, Find)]
    if sought:
        entity = session.entity(sought[0]).label.text(session.locale)
        return session.error(node.place(field.name), "nothing_found", field=label, entity=entity, record=named)
    return session.error(node.place(field.name), "computed_empty", field=label, record=named)


def _check_error(figures: Figures, node: Node, check: Check) -> FieldError:
    field = node.place(check.fields[0]) if check.fields else node.path.rstrip(".")
    return FieldError(field, "check", check.message.text(figures.session.locale), check.name)


def unique_errors(figures: Figures) -> Iterator[FieldError]:
    """Values that another live record holds. Of the tree counts what it becomes: lines may exchange their values,
    and new ones take over from those that go."""
    root = figures.tree.root
    gone = {node.key for node in root.walk_gone()}
    nodes: dict[str, list[Node]] = {}
    for node in root.walk():
        nodes.setdefault(node.entity.name, []).append(node)
    for entity, alike in nodes.items():
        own = {id for name, id in gone if name == entity} | {node.id for node in alike}
        for names in alike[0].entity.unique_sets:
            yield from _repeated(figures, alike, names, own)


def _repeated(figures: Figures, nodes: Iterable[Node], names: tuple[str, ...], own: set[int]) -> Iterator[FieldError]:
    session = figures.session
    met = set()
    for node in nodes:
        held = {name: _held(figures, node, name) for name in names}
        if None in held.values():
            continue
        key = tuple(records.unique_key(value) if isinstance(value, str) else value for value in held.values())
        repeated = key in met
        met.add(key)
        if not repeated and (node.is_new or any(node.changed(name) for name in node.values.keys() & set(names))):
            stored = records.holding(session.connection, session.tables, node.entity.name, held)
            repeated = not own.issuperset(stored)
        if repeated:
            label = ", ".join(node.entity.fields[name].label.text(session.locale) for name in names)
            entered = next((name for name in names if node.parent is None or name != node.parent.entity.name), names[0])
            yield session.error(node.place(entered), "not_unique", field=label)


def _held(figures: Figures, node: Node, name: str) -> Any:
    """A value of those that are unique together; of a line its parent may be one of them."""
    parent = node.parent
    return parent.id if parent is not None and name == parent.entity.name else figures.kept(node, name)
