"""The one write path: page, API, import, bulk edit, rule and plugin all change records through here."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence

from engine.change import (
    Actor,
    Change,
    Conflict,
    Draft,
    FieldError,
    Forbidden,
    InvalidRecord,
    NeedsConfirmation,
    NotFound,
    Refused,
    VersionRequired,
)  # fmt: skip
from engine.runtime import permission
from engine.runtime.access import Access
from engine.runtime.combinations import keep_combinations, read_rows
from engine.runtime.companions import settle_companions
from engine.runtime.dependencies import Dependencies, dependencies_of
from engine.runtime.draft import DraftReader, expect_figures, expect_formulas
from engine.runtime.figures import Figures
from engine.runtime.following import Removal
from engine.runtime.linking import let_go
from engine.runtime.numbering import give_numbers
from engine.runtime.push import Key, frozen_keys, push
from engine.runtime.session import Session
from engine.runtime.site import Site
from engine.runtime.stages import settle_stage
from engine.runtime.transaction import in_transaction
from engine.runtime.tree import Node, Tree, load_tree, new_tree
from engine.runtime.validation import errors_of, frozen_errors, warnings_of
from engine.runtime.write import changed_fields, store_tree
from engine.store import records


def save(site: Site, actor: Actor, draft: Draft) -> Change:
    """Make or change one record with its lines; stored whole, or refused with every reason.

    Raises NotFound, Forbidden, VersionRequired, Conflict, InvalidRecord or NeedsConfirmation, and StaleSite when a
    newer revision was applied meanwhile.
    """
    return in_transaction(site, actor, lambda session: save_in(session, draft))


def move_stage(site: Site, actor: Actor, entity: str, id: int, stage: str, version: int | None) -> Change:
    """Move a record to a stage; refused with all that the stage still needs."""
    found = site.model.entities.get(entity)
    if found is None or found.stage is None:
        raise NotFound(entity)
    return save(site, actor, Draft(entity, {found.stage: stage}, id=id, version=version))


def save_in(session: Session, draft: Draft) -> Change:
    """The same inside a transaction that is open."""
    access = Access(session.site, session.actor)
    entity = permission.known_entity(session, access, draft.entity)
    if draft.id is None:
        if not access.ever("create", entity.name):
            raise Forbidden(session.say("may_not_create", entity=entity.label.text(session.locale)))
        [id] = records.allocate(session.connection, session.tables, entity.name, 1)
        tree = new_tree(entity, id)
        expect_figures(tree.root)
        return make(session, access, draft, Figures(session, tree))
    standing = load_tree(session, entity, draft.id)
    if standing is None:
        raise NotFound(entity.name)
    before = Figures(session, standing.copy())
    permission.require_readable(access, before)
    permission.require_updated(access, before)
    _require_version(session, draft, standing)
    frozen = frozen_keys(before)
    for node in standing.root.walk():
        expect_formulas(node, frozen=node.key in frozen)
    return _carry_out(session, access, draft, Figures(session, standing, before=before), before, frozen)


def make(session: Session, access: Access, draft: Draft, figures: Figures) -> Change:
    """Store a record that is being made, of which a copy may have set values already."""
    return _carry_out(session, access, draft, figures, None, set())


def _carry_out(
    session: Session, access: Access, draft: Draft, figures: Figures, before: Figures | None, frozen: set[Key]
) -> Change:
    reader = DraftReader.of(session, access, figures.tree, draft)
    reader.read(draft.values)
    errors = reader.errors
    # Nothing is worked out with what the actor may not see: neither figures nor refusals may tell of it.
    withheld = permission.Withheld(access, figures)
    _stop_on(errors, withheld.errors())
    errors += _caught(lambda: _work_out(figures, reader, frozen))
    errors += _caught(lambda: errors.extend(settle_companions(access, figures)))
    _stop_on(errors, withheld.errors())
    if before is None:
        permission.require_created(access, figures)
    else:
        permission.require_updated(access, before, figures)
    dependencies = dependencies_of(session.site)
    errors += permission.field_errors(access, before, figures)
    errors += frozen_errors(figures, frozen, dependencies)
    errors += _caught(lambda: errors.extend(errors_of(figures)))
    if errors:
        raise InvalidRecord(_one_for_each_place(errors))
    warnings = [found for found in warnings_of(figures) if found.check not in draft.confirmed]
    if warnings:
        raise NeedsConfirmation(tuple(warnings))
    return _store(session, figures, dependencies)


def _stop_on(errors: Iterable[FieldError], withheld: Iterable[FieldError]) -> None:
    found = tuple(withheld)
    if found:
        raise InvalidRecord(_one_for_each_place((*errors, *found)))


def _work_out(figures: Figures, reader: DraftReader, frozen: set[Key]) -> None:
    root = figures.tree.root
    # First of all the rows: whatever is asked below may count them, and they have numbers and stages too.
    if root.key not in frozen:
        keep_combinations(figures)
    read_rows(reader)
    reader.errors.extend(let_go(figures.session, figures.tree))
    give_numbers(figures.session, figures.tree)
    for node in root.walk():
        settle_stage(figures, node)
    figures.all_worked_out()


def _store(session: Session, figures: Figures, dependencies: Dependencies) -> Change:
    root = figures.tree.root
    touched = [node for node in root.walk() if node.is_new or changed_fields(node)]
    gone = list(root.walk_gone())
    touched += gone
    fields = frozenset(changed_fields(root))
    removal = _following(session, figures.tree, [node for node in gone if not node.is_new])
    # What goes along with a line comes back with it.
    version = store_tree(figures, "updated", deletion=removal.deletion if removal.takes_along else None)
    if not root.is_new and root.before is not None and version == root.before["version"]:
        return Change(root.entity.name, root.id, version, "unchanged")
    session.forget()
    removal.carry_out()
    push(session, touched, dependencies)
    return Change(root.entity.name, root.id, version, "created" if root.is_new else "updated", fields)


def _following(session: Session, tree: Tree, gone: Sequence[Node]) -> Removal:
    """What other records do as lines go, as their links say. Raises InvalidRecord where something is in the way."""
    own = frozenset(node.key for node in (*tree.root.walk(), *gone))
    removal = Removal(session, secrets.token_hex(8), save_in, own)
    for node in gone:
        removal.gather_links(node)
    errors = tuple(removal.errors())
    if errors:
        raise InvalidRecord(errors)
    return removal


def _require_version(session: Session, draft: Draft, tree: Tree) -> None:
    assert tree.root.before is not None
    if draft.version is None:
        if session.actor.system:
            return
        raise VersionRequired(session.say("version_required"))
    if draft.version != tree.root.before["version"]:
        raise Conflict({"id": tree.root.id, "version": tree.root.before["version"]})


def _caught(work: Callable[[], None]) -> tuple[FieldError, ...]:
    """The errors of a computation that could not be finished; others go on."""
    try:
        work()
    except InvalidRecord as refused:
        return refused.errors
    return ()


def _one_for_each_place(errors: Iterable[FieldError]) -> tuple[FieldError, ...]:
    """The causes only: a value that could not be read is not missing as well, and figures that are empty because
    of another mistake come right with it."""
    found: dict[tuple[str, str], FieldError] = {}
    all_errors = tuple(errors)
    causes = [error for error in all_errors if error.code != "computed_empty"]
    for error in causes or all_errors:
        place = (error.field, error.check) if error.check else (error.field, "")
        found.setdefault(place, error)
    return tuple(found.values())


__all__ = ["Refused", "save", "save_in"]
