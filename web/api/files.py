"""Files in and out: uploaded first, then named by a record; read under that record's rights."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from engine.change import NotFound
from engine.limits import FILE_BYTES_MAX
from engine.runtime.record import Record, read_record
from engine.store import files
from engine.store.files import Missing, TooLarge
from web.api.call import Call, Found
from web.api.reading import root_entity
from web.problems import Answer

SANDBOX = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
}
"""A file is data of whoever sent it: no browser may run it as a page of ours."""


def upload(call: Call) -> Found:
    """Keep a file; it can then be named by its id in a field of a record, by whoever sent it."""
    sent = call.upload
    if sent is None:
        raise Answer(422, "Nothing was stored", "Send one part named `file`.")
    try:
        digest, size = files.keep(call.site.files_folder, [sent.content])
    except TooLarge as large:
        raise Answer(413, "Too large", f"A file may have {FILE_BYTES_MAX:,} bytes at most.") from large
    with call.site.database.writing() as connection:
        kept = files.add(
            connection, call.site.tables, name=sent.name, type=sent.media_type, size=size, digest=digest,
            by=call.actor.user, now=call.site.now(),
        )  # fmt: skip
    return Found({"id": kept.id, "name": kept.name, "type": kept.type, "size": kept.size}, 201)


def download(call: Call) -> Found:
    """The n-th file of a field (from 1), while the caller may read that field of that record."""
    entity = root_entity(call)
    record = read_record(call.site, call.actor, entity.name, call.id)
    ids = file_ids(record, call.part("field"))
    number = call.part("n")
    if not (number.isascii() and number.isdigit() and len(number) < 4 and 1 <= int(number) <= len(ids)):
        raise NotFound(entity.name)
    id = ids[int(number) - 1]
    with call.site.database.reading() as connection:
        found = files.read(connection, call.site.tables, [id]).get(id)
    if found is None:
        raise NotFound(entity.name)
    try:
        content = b"".join(files.content(call.site.files_folder, found))
    except Missing as missing:
        raise Answer(410, "The file is gone", str(missing)) from missing
    headers = {**SANDBOX, "Content-Disposition": disposition(found.name)}
    return Found(content=content, headers=headers, media_type="application/octet-stream")


def file_ids(record: Record, name: str) -> list[int]:
    """The ids of the files in a field that the caller may read; none for any other field."""
    field = record.entity.fields.get(name)
    value: Any = record.values.get(name)
    if field is None or field.kind.widget != "file" or value is None or name in record.invisible:
        return []
    return [int(id) for id in value] if isinstance(value, list | tuple) else [int(value)]


def disposition(name: str) -> str:
    """A header that lets browsers save the file under its name, whatever characters that has."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\;' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
