"""One record: shown, moved through its stages, copied, deleted, brought back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from litestar.params import FromPath
from litestar.response import Response

from engine.change import Conflict, Draft, InvalidQuery, InvalidRecord, NeedsConfirmation, NotFound
from engine.model import Entity, Field
from engine.runtime.access import Access
from engine.runtime.browse import browse
from engine.runtime.copying import copy
from engine.runtime.listing import ListQuery
from engine.runtime.past import past
from engine.runtime.record import read_record
from engine.runtime.removal import delete, restore
from engine.runtime.reveal import reveal, revealable
from engine.runtime.save import save
from engine.runtime.secrets import Unreadable
from web.pages.cells import Painter
from web.pages.record import RELATED_MAX, RecordBinder, RecordPage, Related, RelatedItem
from web.pages.shell import Crumb, initials, make_shell
from web.render import html, see
from web.route import Route
from web.routes.listing import entity_of
from web.visit import AnyRequest, Visit, open_visit
from web.writing import on_applied

NO_SECRETS: Mapping[str, str] = MappingProxyType({})
"""What a page shows in clear unless it was asked for."""


@dataclass(frozen=True, slots=True)
class DeletePage:
    """All that delete.html may use."""

    title: str
    action: str
    cancel: str
    version: int
    problems: tuple[str, ...] = ()


def show_record(request: AnyRequest, entity: FromPath[str], id: FromPath[int]) -> Response[Any]:
    """The record's page; a deleted one says so, and how to bring it back."""
    visit = open_visit(request)
    return record_page(visit, entity_of(visit, entity), id)


def record_page(
    visit: Visit, entity: Entity, id: int, *, problems: tuple[str, ...] = (), status: int = 200,
    revealed: Mapping[str, str] = NO_SECRETS,
) -> Response[Any]:  # fmt: skip
    """The page of a record, with what stood against the last thing asked of it, and secrets that were asked for."""
    try:
        record = read_record(visit.site, visit.actor, entity.name, id)
    except NotFound:
        return deleted_page(visit, entity, id)
    base = f"/{entity.name}/{id}"
    secrets = revealable(visit.site, visit.actor, entity.name, id)
    binder = RecordBinder(visit, entity, Painter.of(visit), base, secrets, revealed)
    stage = record.values.get(entity.stage) if entity.stage else None
    page = RecordPage(
        title=record.title, kind=f"{entity.label.text(visit.locale)} {id}", initials=initials(record.title),
        hue=id % 10, version=record.version,
        stage=binder.painter.chip(entity.fields[entity.stage], stage) if entity.stage and stage else None,
        stages=binder.steps(record), stage_action=f"{base}/stage",
        figures=binder.figures(record), sections=binder.sections(record), lines=binder.blocks(entity, record),
        related=related(visit, entity, id), history=binder.events(past(visit.site, visit.actor, entity.name, id)),
        edit_href=f"{base}/edit" if "update" in record.may else "",
        delete_href=f"{base}/delete" if "delete" in record.may else "",
        copy_action=f"{base}/copy" if copies(visit, entity) else "", problems=problems,
    )  # fmt: skip
    crumbs = (Crumb(entity.plural.text(visit.locale), f"/{entity.name}"), Crumb(record.title))
    return html(visit, make_shell(visit, record.title, crumbs=crumbs, current=entity.name), "record.html", page,
                status=status)  # fmt: skip


def deleted_page(visit: Visit, entity: Entity, id: int, *, problems: tuple[str, ...] = (), status: int = 200,
                 ) -> Response[Any]:  # fmt: skip
    """The page of a record in the recycle bin, for those who may bring it back. Raises NotFound for all others."""
    record = read_record(visit.site, visit.actor, entity.name, id, deleted=True)
    title, base = record.title, f"/{entity.name}/{id}"
    binder = RecordBinder(visit, entity, Painter.of(visit), base, frozenset(), NO_SECRETS)
    page = RecordPage(
        title=title, kind=f"{entity.label.text(visit.locale)} {id}", initials=initials(title), hue=id % 10,
        version=record.version, sections=binder.sections(record), deleted=visit.say("deleted_note"),
        restore_action=f"{base}/restore" if "restore" in record.may else "", problems=problems,
    )  # fmt: skip
    crumbs = (
        Crumb(entity.plural.text(visit.locale), f"/{entity.name}"),
        Crumb(visit.say("bin"), f"/{entity.name}?deleted=1"),
        Crumb(title),
    )
    return html(visit, make_shell(visit, title, crumbs=crumbs, current=entity.name), "record.html", page, status=status)


def copies(visit: Visit, entity: Entity) -> bool:
    """Whether a new version of the record is offered."""
    return entity.copy is not None and Access(visit.site, visit.actor).ever("create", entity.name)


def related(visit: Visit, entity: Entity, id: int) -> tuple[Related, ...]:
    """The records that link here: the first few of each backlink, and the way to all of them."""
    access = Access(visit.site, visit.actor)
    found = []
    for field in entity.fields.values():
        if field.kind.key != "backlink" or not access.reading(entity.name, field.name).open:
            continue
        block = related_by(visit, access, field, id)
        if block is not None:
            found.append(block)
    return tuple(found)


def related_by(visit: Visit, access: Access, field: Field, id: int) -> Related | None:
    """The records that link here by one field; None where they have no page of their own or may not be seen."""
    name, through = str(field.kind.target()), str(getattr(field.kind, "through", ""))
    there = visit.site.model.entities[name]
    if not there.root:
        return None
    query = ListQuery(entity=name, fields=(), titles=True, size=RELATED_MAX).on(through, "is", str(id))
    try:
        page = browse(visit.site, visit.actor, query)
    except (NotFound, InvalidQuery):
        return None
    items = tuple(RelatedItem(title, f"/{name}/{row[0]}") for row, title in zip(page.rows, page.titles, strict=True))
    count = f"{page.total:,}" + ("" if page.total_is == "exact" else "+")
    return Related(
        field.label.text(visit.locale), count, items,
        all_href=f"/{name}?{urlencode({f'f.{through}': id})}" if items else "",
        new_href=f"/{name}/new?{through}={id}" if access.ever("create", name) else "",
        new_label=visit.say("new_record", name=there.label.text(visit.locale)),
    )  # fmt: skip


def move_stage(request: AnyRequest, entity: FromPath[str], id: FromPath[int]) -> Response[Any]:
    """Move the record to another stage; what the stage still needs is said on the record's page."""
    visit = open_visit(request)
    known, posted = entity_of(visit, entity), visit.posted
    if known.stage is None:
        raise NotFound(entity)
    draft = Draft(
        entity, {known.stage: posted.get("to")}, id=id, version=version_of(posted.get("_version")), source="form",
        confirmed=frozenset(posted.all("_confirm")),
    )  # fmt: skip
    try:
        on_applied(visit, lambda site: save(site, visit.actor, draft))
    except NeedsConfirmation as refused:
        return confirm_page(visit, known, id, refused)
    except InvalidRecord as refused:
        messages = tuple(error.message for error in refused.errors)
        return record_page(visit, known, id, problems=messages, status=422)
    except Conflict:
        return record_page(visit, known, id, problems=(visit.say("error.409.lead"),), status=409)
    return see(f"/{entity}/{id}?done=moved")


@dataclass(frozen=True, slots=True)
class ConfirmPage:
    """All that confirm.html may use: a question before something is done that was warned of."""

    title: str
    action: str
    cancel: str
    version: str
    values: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]


def confirm_page(visit: Visit, entity: Entity, id: int, refused: NeedsConfirmation) -> Response[Any]:
    """The firm's warnings, with a button that goes on all the same."""
    posted = visit.posted
    kept = [("to", posted.get("to")), *(("_confirm", error.check) for error in refused.errors)]
    kept += [("_confirm", check) for check in posted.all("_confirm")]
    page = ConfirmPage(
        visit.say("warnings_title"), f"/{entity.name}/{id}/stage", f"/{entity.name}/{id}", posted.get("_version"),
        tuple(kept), tuple(error.message for error in refused.errors),
    )  # fmt: skip
    shell = make_shell(visit, page.title, current=entity.name)
    return html(visit, shell, "confirm.html", page, status=422)


def ask_delete(request: AnyRequest, entity: FromPath[str], id: FromPath[int]) -> Response[Any]:
    """The question before a record is deleted."""
    visit = open_visit(request)
    return delete_question(visit, entity_of(visit, entity), id)


def delete_question(visit: Visit, entity: Entity, id: int, *, problems: tuple[str, ...] = (), status: int = 200,
                    ) -> Response[Any]:  # fmt: skip
    """Is it really to be deleted?"""
    record = read_record(visit.site, visit.actor, entity.name, id)
    base = f"/{entity.name}/{id}"
    page = DeletePage(visit.say("delete_title", name=record.title), f"{base}/delete", base, record.version, problems)
    crumbs = (
        Crumb(entity.plural.text(visit.locale), f"/{entity.name}"),
        Crumb(record.title, base),
        Crumb(visit.say("delete")),
    )
    shell = make_shell(visit, page.title, crumbs=crumbs, current=entity.name)
    return html(visit, shell, "delete.html", page, status=status)


def send_delete(request: AnyRequest, entity: FromPath[str], id: FromPath[int]) -> Response[Any]:
    """Put the record into the recycle bin."""
    visit = open_visit(request)
    known = entity_of(visit, entity)
    version = version_of(visit.posted.get("_version"))
    try:
        on_applied(visit, lambda site: delete(site, visit.actor, entity, id, version))
    except InvalidRecord as refused:
        messages = tuple(error.message for error in refused.errors)
        return delete_question(visit, known, id, problems=messages, status=422)
    except Conflict:
        return delete_question(visit, known, id, problems=(visit.say("error.409.lead"),), status=409)
    return see(f"/{entity}?done=deleted")


def send_restore(request: AnyRequest, entity: FromPath[str], id: FromPath[int]) -> Response[Any]:
    """Bring the record back."""
    visit = open_visit(request)
    known = entity_of(visit, entity)
    try:
        on_applied(visit, lambda site: restore(site, visit.actor, entity, id))
    except InvalidRecord as refused:
        messages = tuple(error.message for error in refused.errors)
        return deleted_page(visit, known, id, problems=messages, status=422)
    return see(f"/{entity}/{id}?done=restored")


def send_copy(request: AnyRequest, entity: FromPath[str], id: FromPath[int]) -> Response[Any]:
    """Make a new version of the record and open it."""
    visit = open_visit(request)
    known = entity_of(visit, entity)
    try:
        change = on_applied(visit, lambda site: copy(site, visit.actor, entity, id))
    except InvalidRecord as refused:
        messages = tuple(error.message for error in refused.errors)
        return record_page(visit, known, id, problems=messages, status=422)
    return see(f"/{entity}/{change.id}?done=copied")


def show_secret(request: AnyRequest, entity: FromPath[str], id: FromPath[int], field: FromPath[str]) -> Response[Any]:
    """The record's page with one secret value in clear: on this answer, which nobody keeps, and on no other."""
    visit = open_visit(request)
    known = entity_of(visit, entity)
    try:
        text = reveal(visit.site, visit.actor, entity, id, field, address=visit.address)
    except Unreadable:
        return record_page(visit, known, id, problems=(visit.say("secret_unreadable"),), status=409)
    return record_page(visit, known, id, revealed={field: text})


def version_of(text: str) -> int | None:
    """The version that a form was made on."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


ROUTES = (
    Route("GET", "/{entity:str}/{id:int}", show_record),
    Route("POST", "/{entity:str}/{id:int}/stage", move_stage),
    Route("GET", "/{entity:str}/{id:int}/delete", ask_delete),
    Route("POST", "/{entity:str}/{id:int}/delete", send_delete),
    Route("POST", "/{entity:str}/{id:int}/restore", send_restore),
    Route("POST", "/{entity:str}/{id:int}/copy", send_copy),
    Route("POST", "/{entity:str}/{id:int}/reveal/{field:str}", show_secret),
)
