"""What a record must be before it is stored: complete, allowed by the firm's checks, unique."""

from __future__ import annotations

from collections.abc import Iterator
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
        for field in node.entity.fields.values():
            if not field.system and figures.visible(node, field):
                yield from _field_errors(figures, node, field)
        yield from stage_errors(figures, node)
        for check in node.entity.checks.values():
            if check.refuses and figures.holds(check.when, node):
                yield _check_error(figures, node, check)
        yield from _unique_errors(figures, node)


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
            if (field.entity, field.name) not in feeding or not field.frozen or field.name == node.entity.stage:
                continue
            label = field.label.text(figures.session.locale)
            if field.name in node.lines:
                if _list_changed(node, field.name):
                    yield figures.session.error(node.place(field.name), "frozen", field=label)
            elif field.computed is None and field.stored and not field.system and node.changed(field.name):
                yield figures.session.error(node.place(field.name), "frozen", field=label)


def _list_changed(node: Node, name: str) -> bool:
    holder = (node.entity.name, name)
    return any(line.is_new for line in node.lines[name]) or any(g.entity.owned_by == holder for g in node.gone)


def _field_errors(figures: Figures, node: Node, field: Field) -> Iterator[FieldError]:
    needed = field.required or (field.required_when is not None and figures.holds(field.required_when, node))
    if field.name in node.lines:
        if needed and not node.lines[field.name]:
            yield _needed(figures, node, field)
        return
    if not field.stored:
        return
    value = figures.value(node, field.name)
    if value is None:
        if needed:
            yield _needed(figures, node, field)
        return
    if field.name in node.named and node.changed(field.name):
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


def _unique_errors(figures: Figures, node: Node) -> Iterator[FieldError]:
    session = figures.session
    together = [(f.name,) for f in node.entity.fields.values() if f.unique and f.stored]
    for names in (*together, *node.entity.unique):
        values = {name: figures.kept(node, name) for name in names}
        if any(value is None for value in values.values()) or not any(node.changed(name) for name in names):
            continue
        if records.taken(session.connection, session.tables, node.entity.name, values, node.id):
            label = ", ".join(node.entity.fields[name].label.text(session.locale) for name in names)
            yield session.error(node.place(names[0]), "not_unique", field=label)
