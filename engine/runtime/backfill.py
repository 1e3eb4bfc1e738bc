"""Figures of records that are there already, worked out when a config brings a new formula."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from engine.change import system
from engine.expression.nodes import Aggregate
from engine.model import Field
from engine.runtime import lookup
from engine.runtime.figures import Figures, stored_value
from engine.runtime.push import Holders, frozen_keys, holders, refresh
from engine.runtime.save import dependencies_of
from engine.runtime.session import Session
from engine.runtime.site import Site
from engine.runtime.tree import Node, load_tree
from engine.runtime.write import changed_fields, store_tree
from engine.store import records
from engine.store.steps import Step


def backfill(site: Site) -> Callable[[sa.Connection, Step], None]:
    """What `apply` calls for each field with a new formula; `site` is of the model that is being applied.

    Frozen records and figures that were typed over stay as they are; nobody's version changes.
    """

    def fill(connection: sa.Connection, step: Step) -> None:
        session = Session.open(site, connection, system(locale=site.model.app.locale))
        field = session.model.field(step.entity, step.field)
        root = session.entity(session.model.root_of(step.entity))
        dependencies = dependencies_of(session.site)
        counting: Holders = {}
        for id in records.living(connection, session.tables, root.name):
            tree = load_tree(session, root, id)
            if tree is not None:
                changed = _fill_tree(session, Figures(session, tree), field)
                for key, names in holders(session, changed, dependencies).items():
                    counting.setdefault(key, set()).update(names)
            session.read.clear()
        # Rollups of other records that count these, once each; their own steps may have come before.
        refresh(session, counting, dependencies)

    return fill


def _fill_tree(session: Session, figures: Figures, field: Field) -> list[Node]:
    frozen = frozen_keys(figures)
    nodes = [one for one in figures.tree.of(field.entity) if one.key not in frozen or not field.frozen]
    for one in nodes:
        if field.name not in one.typed:
            _expect(session, one, field)
    root = figures.tree.root.entity.name
    for entity, name in dependencies_of(session.site).dependents(root, {(field.entity, field.name)}):
        following = session.model.field(entity, name)
        for one in figures.tree.of(entity):
            still = (following.frozen and one.key in frozen) or name in one.typed
            if following.stored and not following.pushed and not still:
                one.waiting.add(name)
    figures.all_worked_out()
    changed = [one for one in figures.tree.root.walk() if changed_fields(one)]
    if changed:
        store_tree(figures, "computed", keep_version=True)
    return changed


def _expect(session: Session, node: Node, field: Field) -> None:
    if field.pushed and field.computed is not None and isinstance(field.computed.node, Aggregate):
        fresh = lookup.aggregate(session, field.computed.node, node.key)
        node.values[field.name] = stored_value(field, fresh, session, field.name)
    elif field.computed is not None:
        node.waiting.add(field.name)
