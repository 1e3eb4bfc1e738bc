"""The API described for one caller: OpenAPI 3.1 of the entities and fields that the caller's roles may use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.limits import BULK_RECORDS_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX
from engine.model import Entity, Field
from engine.runtime.access import Access
from engine.runtime.site import Site

Schema = dict[str, Any]

ID: Schema = {"type": "integer", "minimum": 1, "maximum": 9_223_372_036_854_775_807}
VERSION: Schema = {"type": "integer", "minimum": 1}
LINK: Schema = {
    "type": "object",
    "properties": {"id": ID, "title": {"type": ["string", "null"]}},
    "required": ["id", "title"],
}
ANY_LINK: Schema = {
    "type": "object",
    "properties": {"entity": {"type": "string"}, **LINK["properties"]},
    "required": ["entity", "id", "title"],
}
LINK_TO_WRITE: Schema = {
    "anyOf": [
        ID,
        {"type": "object", "properties": {"id": ID, "title": {"type": "string"}}, "required": ["id"]},
        {
            "type": "object",
            "properties": {"key": {"type": "string"}},
            "required": ["key"],
            "additionalProperties": False,
        },
    ]
}
PROBLEM: Schema = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "code": {"type": "string"}, "message": {"type": "string"}},
                "required": ["field", "code", "message"],
            },
        },
    },
    "required": ["type", "title", "status"],
}


def document_for(site: Site, access: Access) -> Schema:
    """The whole document; worked out once for a revision and a set of roles."""
    return site.kept.get(("openapi", access.key, access.actor.locale), lambda: _Describer(site, access).document())


class _Describer:
    def __init__(self, site: Site, access: Access) -> None:
        self.site, self.access, self.locale = site, access, access.actor.locale

    def document(self) -> Schema:
        model = self.site.model
        entities = [entity for entity in model.entities.values() if entity.root and self.usable(entity)]
        paths: Schema = {}
        for entity in entities:
            paths |= self.paths(entity)
        paths |= self.file_paths()
        schemas = {"problem": PROBLEM}
        for entity in model.entities.values():
            if self.usable(entity) and not entity.links_table:
                schemas |= self.schemas(entity)
        return {
            "openapi": "3.1.0",
            "info": {"title": model.app.name.text(self.locale), "version": str(self.site.revision)},
            "servers": [{"url": "/api/v1"}],
            "security": [{"token": []}],
            "paths": paths,
            "components": {
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
                "schemas": schemas,
            },
        }

    def usable(self, entity: Entity) -> bool:
        """Whether the caller may read any of its records."""
        return self.access.ever("read", entity.name)

    # ---- schemas

    def schemas(self, entity: Entity) -> Schema:
        """The record as it is read, as it is made, and as it is changed."""
        name = entity.name
        shown = {field.name: self.read_schema(field) for field in self.readable(entity)}
        made = {field.name: self.write_schema(field) for field in self.writable(entity, new=True)}
        changed = {field.name: self.write_schema(field) for field in self.writable(entity, new=False)}
        needed = [
            field.name
            for field in self.writable(entity, new=True)
            if field.required and field.default is None and field.computed is None and field.name != entity.stage
        ]
        keys: Schema = {} if entity.root else {"id": ID, "key": {"type": "string", "maxLength": 40}}
        version: Schema = {"version": VERSION} if entity.root else {}
        return {
            name: {
                "type": "object",
                "title": entity.label.text(self.locale),
                "properties": {"id": ID, **version, **shown},
                "required": ["id", *version],
            },
            f"{name}.new": _closed({**keys, **made}, needed if entity.root else []),
            f"{name}.change": _closed({**keys, **version, **changed}, []),
        }

    def readable(self, entity: Entity) -> Iterator[Field]:
        """The fields that the caller may see somewhere; a line's own parent is told by where it stands."""
        for field in entity.fields.values():
            if field.name in ("id", "version") or (entity.owned_by and field.name == entity.owned_by[0]):
                continue
            if field.kind.key != "backlink" and not self.access.reading(entity.name, field.name).hidden:
                yield field

    def writable(self, entity: Entity, *, new: bool) -> Iterator[Field]:
        """The fields that the caller may ever give a value."""
        may = self.access.ever_settable if new else self.access.ever_updatable
        for field in entity.fields.values():
            if field.writable or (field.kind.key in ("lines", "links") and self.line(field).each is None):
                if entity.each is not None and field.name in entity.each.lists:
                    continue
                if may(entity.name, field.name):
                    yield field

    def line(self, field: Field) -> Entity:
        """The entity of a lines field."""
        return self.site.model.line_entity(field)

    def read_schema(self, field: Field) -> Schema:
        """What a field answers."""
        found = self._described(field, self._shape(field))
        return found if field.kind.key in ("lines", "links") or field.name == "id" else _or_null(found)

    def _shape(self, field: Field) -> Schema:
        if field.kind.key == "lines":
            return {"type": "array", "items": _reference(self.line(field).name)}
        if field.kind.key == "links":
            return {"type": "array", "items": LINK}
        kind = field.kind.expression_type().kind
        if kind == "record":
            return ANY_LINK if field.kind.target() is None else LINK
        return field.kind.json_schema()

    def write_schema(self, field: Field) -> Schema:
        """What a field takes."""
        if field.kind.key == "lines":
            shape: Schema = {"type": "array", "items": _reference(f"{self.line(field).name}.new")}
        elif field.kind.key == "links":
            shape = {"type": "array", "items": {"anyOf": [ID, {"type": "object", "required": ["id"]}]}}
        elif field.kind.expression_type().kind == "record" and field.kind.target() is not None:
            shape = LINK_TO_WRITE
        else:
            shape = field.kind.json_schema()
        return _or_null(self._described(field, shape))

    def _described(self, field: Field, shape: Schema) -> Schema:
        found = {"title": field.label.text(self.locale), **shape}
        if field.help:
            found["description"] = field.help.text(self.locale)
        return found

    # ---- paths

    def paths(self, entity: Entity) -> Schema:
        """The addresses of one entity."""
        name, label, plural = entity.name, entity.label.text(self.locale), entity.plural.text(self.locale)
        listing: Schema = {"get": self.list_operation(entity, plural)}
        one: Schema = {"parameters": [_path_id()], "get": _operation(f"read_{name}", label, _ok(name), 404)}
        found: Schema = {f"/{name}": listing, f"/{name}/{{id}}": one}
        if self.access.ever("create", name):
            listing["post"] = _operation(
                f"create_{name}", label, _ok(name, 201), 400, 403, 409, 415, 422,
                body=_reference(f"{name}.new"), parameters=[_IDEMPOTENCY],
            )  # fmt: skip
        if self.access.ever("update", name):
            one["patch"] = _operation(
                f"change_{name}", label, _ok(name), 400, 403, 404, 409, 415, 422, 428,
                body=_reference(f"{name}.change"), parameters=[_IF_MATCH],
            )  # fmt: skip
            found |= self.bulk_path(entity, label)
            if entity.stage:
                found |= _action(name, "stage", label, _STAGE_BODY)
        if self.access.ever("delete", name):
            one["delete"] = _operation(
                f"delete_{name}", label, {"204": {"description": "In the recycle bin."}}, 400, 403, 404, 409, 422, 428,
                parameters=[_VERSION_QUERY, _IF_MATCH],
            )  # fmt: skip
        if self.access.ever("restore", name):
            found |= _action(name, "restore", label, None)
        if entity.copy and self.access.ever("create", name):
            found |= _action(name, "copy", label, None, status=201)
        found[f"/{name}/{{id}}/explain/{{field}}"] = {
            "parameters": [_path_id(), _path_name("field")],
            "get": _operation(f"explain_{name}", label, _plain({"type": "object"}), 404),
        }
        return found

    def list_operation(self, entity: Entity, plural: str) -> Schema:
        """The list of an entity."""
        page = {
            "type": "object",
            "properties": {
                "items": {"type": "array", "items": {"type": "object"}},
                "page": {"type": "integer"},
                "size": {"type": "integer"},
                "total": {"type": "integer"},
                "total_is": {"enum": ["at_least"]},
                "next": {"type": "string"},
            },
            "required": ["items", "size"],
        }
        return _operation(f"list_{entity.name}", plural, _plain(page), 400, parameters=_LIST_PARAMETERS)

    def bulk_path(self, entity: Entity, label: str) -> Schema:
        """Many changes in one request."""
        body = {
            "type": "object",
            "properties": {
                "items": {
                    "type": "array",
                    "maxItems": BULK_RECORDS_MAX,
                    "items": {"type": "object", "properties": {"id": ID, "version": VERSION}},
                }
            },
            "required": ["items"],
            "additionalProperties": False,
        }
        answer = _plain({"type": "object", "properties": {"items": {"type": "array"}}, "required": ["items"]})
        operation = _operation(
            f"bulk_{entity.name}", label, answer, 400, 403, 409, 415, 422, body=body, parameters=[_IDEMPOTENCY]
        )
        return {f"/{entity.name}/bulk": {"post": operation}}

    def file_paths(self) -> Schema:
        """Uploading, where the caller may write a field that holds files."""
        kinds = {"file", "files", "image", "signature"}
        held = (
            field.kind.key in kinds
            for entity in self.site.model.entities.values()
            if self.usable(entity)
            for field in self.writable(entity, new=True)
        )
        if not any(held):
            return {}
        part = {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}, "required": ["file"]}
        operation = _operation("upload_file", "File", _plain({"type": "object"}, 201), 400, 413, 415)
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": part}}}
        return {"/files": {"post": operation}}


# ---- pieces


def _closed(properties: Schema, required: list[str]) -> Schema:
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**found, "required": required} if required else found


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(shape: Schema) -> Schema:
    kind = shape.get("type")
    if isinstance(kind, str) and "enum" not in shape and "const" not in shape:
        return {**shape, "type": [kind, "null"]}
    return {"anyOf": [shape, {"type": "null"}]}


def _plain(shape: Schema, status: int = 200) -> Schema:
    return {str(status): {"description": "OK", "content": {"application/json": {"schema": shape}}}}


def _ok(name: str, status: int = 200) -> Schema:
    return _plain(_reference(name), status)


_REFUSALS: Mapping[int, str] = {
    400: "The request cannot be read, or names an unknown field.",
    401: "A token is needed.",
    403: "Not allowed.",
    404: "There is no such record.",
    409: "Changed meanwhile.",
    413: "Too large.",
    415: "JSON is needed.",
    422: "Nothing was stored; `errors` says why.",
    428: "The record's version is needed.",
}


def _operation(
    id: str, label: str, answers: Schema, *refusals: int, body: Schema | None = None,
    parameters: list[Schema] | None = None,
) -> Schema:  # fmt: skip
    problem = {"application/problem+json": {"schema": _reference("problem")}}
    told = {str(status): {"description": _REFUSALS[status], "content": problem} for status in (401, *refusals)}
    found: Schema = {"operationId": id, "summary": label, "responses": {**answers, **told}}
    if parameters:
        found["parameters"] = parameters
    if body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return found


def _action(name: str, action: str, label: str, body: Schema | None, *, status: int = 200) -> Schema:
    operation = _operation(
        f"{action}_{name}", label, _ok(name, status), 400, 403, 404, 409, 415, 422, 428,
        body=body, parameters=[_IDEMPOTENCY],
    )  # fmt: skip
    return {f"/{name}/{{id}}/{action}": {"parameters": [_path_id()], "post": operation}}


def _path_id() -> Schema:
    return {"name": "id", "in": "path", "required": True, "schema": ID}


def _path_name(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}}


def _query(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "query", "schema": schema, "description": description}


_TEXT: Schema = {"type": "string"}
_LIST_PARAMETERS = [
    _query("where", _TEXT, "A condition in the expression language."),
    _query("q", _TEXT, "Text to find."),
    _query("sort", _TEXT, "Fields; `-` sorts down."),
    _query("fields", _TEXT, "The fields to answer."),
    _query("page", {"type": "integer", "minimum": 1}, "The page, from 1."),
    _query(
        "size",
        {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_MAX, "default": PAGE_SIZE_DEFAULT},
        "Records a page.",
    ),
    _query("after", _TEXT, "The `next` of the page before."),
    _query("total", {"enum": ["exact", "capped", "no"]}, "How records are counted."),
]
_IDEMPOTENCY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "pattern": "^[!-~]{1,100}$"},
    "description": "The same key asks for the same thing once, however often it is sent.",
}
_IF_MATCH: Schema = {
    "name": "If-Match",
    "in": "header",
    "schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,17}"$'},
    "description": "The record's version in quotes.",
}
_VERSION_QUERY = _query("version", VERSION, "The record's version, where If-Match is not sent.")
_STAGE_BODY: Schema = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "version": VERSION},
    "required": ["to", "version"],
    "additionalProperties": False,
}
