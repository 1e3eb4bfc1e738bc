"""Files that forms send: kept under the folder of files, named by id in the record's field."""

from __future__ import annotations

from engine.change import FieldError, InvalidRecord
from engine.model import Entity, Field, Model
from engine.store import files
from web.forms import FormRecord
from web.posted import Upload
from web.visit import Visit


def keep_uploads(visit: Visit, record: FormRecord, entity: Entity) -> None:
    """Keep the files of a form and put their ids into its texts. Raises InvalidRecord for one that is too large."""
    for name, sent in record.uploads.items():
        field = entity.fields.get(name)
        if field is None or field.kind.widget != "file":
            continue
        ids = tuple(str(keep(visit, field, upload)) for upload in sent)
        kept = tuple(text for text in record.texts.get(name, ()) if text)
        record.texts[name] = (*kept, *ids) if field.kind.key == "files" else ids[-1:]
    record.uploads.clear()
    model: Model = visit.site.model
    for name, lines in record.lines.items():
        for line in lines:
            keep_uploads(visit, line, model.line_entity(entity.fields[name]))


def keep(visit: Visit, field: Field, upload: Upload) -> int:
    """Keep one file; its id."""
    try:
        digest, size = files.keep(visit.site.files_folder, [upload.content])
    except files.TooLarge as error:
        raise InvalidRecord((FieldError(field.name, "too_large", str(error)),)) from error
    with visit.site.database.writing() as connection:
        stored = files.add(
            connection, visit.site.tables, name=upload.name, type=upload.media_type, size=size, digest=digest,
            by=visit.actor.user, now=visit.site.now(),
        )  # fmt: skip
    return stored.id


def file_name(visit: Visit, id: str) -> str:
    """The name of a stored file; its number where there is none."""
    if not id.isascii() or not id.isdigit() or len(id) > 18:
        return id
    with visit.site.database.reading() as connection:
        found = files.read(connection, visit.site.tables, [int(id)])
    return found[int(id)].name if int(id) in found else f"#{id}"
