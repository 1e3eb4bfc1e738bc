"""Making and changing a record by a form: shown, grown by rows, saved, or shown again with what is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from litestar.params import FromPath
from litestar.response import Response

from engine.change import Conflict, Draft, FieldError, Forbidden, InvalidRecord, NeedsConfirmation, NotFound
from engine.limits import BODY_BYTES_MAX, FILE_BYTES_MAX
from engine.model import Entity
from engine.runtime.access import Access
from engine.runtime.preview import Preview, preview
from engine.runtime.save import save
from web.filling import Clash, fill, merge, take
from web.forms import (
    FormRecord,
    add_row,
    asked,
    drop_blank,
    holder_entity,
    make_draft,
    packed,
    read_form,
    remove_row,
    unpacked,
)  # fmt: skip
from web.pages.conflict import conflict_rows
from web.pages.controls import Desk
from web.pages.form import FormBuilder, FormPage, by_path, effects_of, error_links, labels_of
from web.pages.pickers import Pickers
from web.pages.shell import Crumb, make_shell
from web.render import html, see
from web.route import Route
from web.uploads import keep_uploads
from web.visit import AnyRequest, Visit, open_visit
from web.writing import on_applied


@dataclass(slots=True)
class Editing:
    """One form at work: the entity, the record if it stands, and what is typed."""

    visit: Visit
    entity: Entity
    id: int | None
    record: FormRecord = field(default_factory=FormRecord)
    version: int | None = None
    original: str = ""
    """The texts that the form began with, packed."""

    @property
    def path(self) -> str:
        """Where the form is shown and sent."""
        return f"/{self.entity.name}/new" if self.id is None else f"/{self.entity.name}/{self.id}/edit"

    @property
    def target(self) -> str:
        """Where to go when it is done or left."""
        return f"/{self.entity.name}" if self.id is None else f"/{self.entity.name}/{self.id}"

    def draft(self, *, without: Iterable[str] = (), confirmed: frozenset[str] = frozenset()) -> Draft:
        """What the form asks for; fields named in `without` are left to their defaults."""
        drafted = make_draft(
            self.record, self.entity, self.visit.site.model, id=self.id, version=self.version, confirmed=confirmed
        )
        for name in without:
            if drafted.values.get(name) is None:
                drafted.values.pop(name, None)  # type: ignore[attr-defined]
        return drafted

    def look(self, draft: Draft | None = None) -> Preview:
        """How every field of the form stands now."""
        return preview(self.visit.site, self.visit.actor, draft or self.draft())


def show_new(request: AnyRequest, entity: FromPath[str]) -> Response[Any]:
    """An empty form with its defaults; `?customer=3` fills a field in."""
    editing = begin(request, entity, None)
    names = [name for name in request.query_params if name in editing.entity.fields]
    editing.record.texts = {name: (str(request.query_params[name]),) for name in names}
    looks = editing.look()
    refill(editing, looks)
    return answer(editing, editing.look())


def show_edit(request: AnyRequest, entity: FromPath[str], id: FromPath[int]) -> Response[Any]:
    """The form of a record that stands."""
    editing = begin(request, entity, id)
    looks = editing.look(Draft(entity, {}, id=id, source="form"))
    require_writable(looks)
    editing.version = looks.version
    refill(editing, looks)
    editing.original = packed(editing.record)
    return answer(editing, looks)


def send_new(request: AnyRequest, entity: FromPath[str]) -> Response[Any]:
    """A new record, or the form again."""
    return send(begin(request, entity, None))


def send_edit(request: AnyRequest, entity: FromPath[str], id: FromPath[int]) -> Response[Any]:
    """The record changed, or the form again."""
    return send(begin(request, entity, id))


def begin(request: AnyRequest, name: str, id: int | None) -> Editing:
    """The form that a request speaks of. Raises NotFound or Forbidden."""
    visit = open_visit(request)
    entity = visit.site.model.entities.get(name)
    access = Access(visit.site, visit.actor)
    if entity is None or not entity.root or entity.links_table:
        raise NotFound(name)
    if not (access.ever("read", name) or access.ever("create", name)):
        raise NotFound(name)
    if not access.ever("create" if id is None else "update", name):
        raise Forbidden(name)
    posted = visit.posted
    version = posted.get("_version")
    return Editing(
        visit, entity, id, read_form(posted, entity, visit.site.model),
        version=int(version) if version.isascii() and version.isdigit() and len(version) < 19 else None,
        original=posted.get("_was"),
    )  # fmt: skip


def require_writable(looks: Preview) -> None:
    """Raises Forbidden when there is nothing on the form that this person may write."""
    if not any(look.writable for look in looks.looks.values()):
        raise Forbidden("nothing to write")


def send(editing: Editing) -> Response[Any]:
    """Do what the pressed button says."""
    posted = editing.visit.posted
    button = asked(posted)
    if button.action == "save":
        return try_save(editing)
    model = editing.visit.site.model
    if button.action == "add" and holder_entity(editing.entity, button.path, model) is not None:
        add_row(editing.record, button.path, FormRecord())
    elif button.action == "remove":
        remove_row(editing.record, button.path)
    refill(editing, editing.look())
    return answer(editing, editing.look())


def try_save(editing: Editing) -> Response[Any]:
    """Save what is typed; if it is refused, show the form with the reasons and every text as it was typed."""
    visit, posted = editing.visit, editing.visit.posted
    drop_blank(editing.record)
    take_chosen(editing)
    try:
        keep_uploads(visit, editing.record, editing.entity)
        draft = editing.draft(without=posted.all("_waiting"), confirmed=frozenset(posted.all("_confirm")))
        change = on_applied(visit, lambda site: save(site, visit.actor, draft))
    except NeedsConfirmation as refused:
        return answer(editing, editing.look(), warnings=refused.errors, status=422)
    except InvalidRecord as refused:
        return answer(editing, editing.look(), errors=refused.errors, status=422)
    except Conflict:
        return show_conflict(editing)
    return see(f"/{editing.entity.name}/{change.id}?done={'created' if editing.id is None else 'saved'}")


def take_chosen(editing: Editing) -> None:
    """On the page of a conflict a person may choose the present value of a field over the own one."""
    posted = editing.visit.posted
    names = frozenset(name.removeprefix("_take.") for name in posted.names()
                      if name.startswith("_take.") and posted.get(name) == "now")  # fmt: skip
    if names and editing.id is not None:
        take(editing.record, standing(editing), names)


def standing(editing: Editing) -> FormRecord:
    """The form of the record as it stands in the database now."""
    visit = editing.visit
    now = FormRecord()
    looks = preview(visit.site, visit.actor, Draft(editing.entity.name, {}, id=editing.id, source="form"))
    fill(now, editing.entity, visit.site.model, looks, visit.shower)
    return now


def show_conflict(editing: Editing) -> Response[Any]:
    """The form again with what others saved meanwhile; where both changed a field, the person decides."""
    visit = editing.visit
    looks = preview(visit.site, visit.actor, Draft(editing.entity.name, {}, id=editing.id, source="form"))
    now = FormRecord()
    fill(now, editing.entity, visit.site.model, looks, visit.shower)
    was = unpacked(editing.original, editing.entity, visit.site.model) or now
    clashes = merge(editing.record, was, now, editing.entity)
    editing.version, editing.original = looks.version, packed(now)
    return answer(editing, editing.look(), clashes=clashes, conflict=True, status=409)


def refill(editing: Editing, looks: Preview) -> None:
    """Texts for the controls that nothing was typed into: stored values and defaults."""
    fill(editing.record, editing.entity, editing.visit.site.model, looks, editing.visit.shower)


def answer(
    editing: Editing, looks: Preview, *, errors: tuple[FieldError, ...] = (), warnings: tuple[FieldError, ...] = (),
    clashes: tuple[Clash, ...] = (), conflict: bool = False, status: int = 200,
) -> Response[Any]:  # fmt: skip
    """The form page."""
    visit, entity = editing.visit, editing.entity
    desk = Desk(visit, Pickers(visit), effects_of(visit.site.model, entity), pipeline=looks.pipeline)
    desk.queries = {name.removeprefix("_q."): visit.posted.get(name) for name in visit.posted.names()
                    if name.startswith("_q.")}  # fmt: skip
    builder = FormBuilder(visit, desk, looks, by_path(errors), [])
    sections, blocks = builder.sections(entity, editing.record), builder.blocks(entity, editing.record)
    label = entity.label.text(visit.locale)
    title = visit.say("form_new", name=label) if editing.id is None else visit.say("form_edit", name=looks.title)
    page = FormPage(
        title=title, action=editing.path, cancel=editing.target, version=editing.version, sections=sections,
        lines=blocks, errors=error_links(errors, visit, labels_of(sections, blocks)),
        errors_title=visit.say("errors_title_one") if len(errors) == 1 else
        visit.say("errors_title", count=len(errors)),
        warnings=warnings, waiting=tuple(builder.waiting), original=editing.original, conflict=conflict,
        clashes=conflict_rows(visit, desk, clashes), multipart=has_files(entity, visit.site.model),
        effects=bool(desk.effects),
    )  # fmt: skip
    crumbs = [Crumb(entity.plural.text(visit.locale), f"/{entity.name}")]
    if editing.id is not None:
        crumbs.append(Crumb(looks.title, editing.target))
    crumbs.append(Crumb(visit.say("edit") if editing.id is not None else title))
    shell = make_shell(visit, title, crumbs=tuple(crumbs), current=entity.name)
    return html(visit, shell, "form.html", page, part="parts/form.html", status=status)


def has_files(entity: Entity, model: Any) -> bool:
    """Whether the form may send files, its lines' included."""
    return any(
        found.kind.widget == "file" or (found.kind.widget == "lines" and has_files(model.line_entity(found), model))
        for found in entity.fields.values()
    )


FORM_BYTES_MAX = FILE_BYTES_MAX + BODY_BYTES_MAX
"""One largest file beside a form that is full."""
ROUTES = (
    Route("GET", "/{entity:str}/new", show_new),
    Route("POST", "/{entity:str}/new", send_new, body_bytes_max=FORM_BYTES_MAX),
    Route("GET", "/{entity:str}/{id:int}/edit", show_edit),
    Route("POST", "/{entity:str}/{id:int}/edit", send_edit, body_bytes_max=FORM_BYTES_MAX),
)
