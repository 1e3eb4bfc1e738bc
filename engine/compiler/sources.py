"""YAML text to trees: YAML 1.2 scalars with exact numbers, the place of everything, and no traps.

The only user of PyYAML. The parser's events are read one by one with a stack of our own, so that no document,
however deep or large, can exhaust the process, and so that duplicate keys, tags and aliases are seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import yaml

from engine.compiler.syntax import SPLIT_HINT, TOO_DEEP, explain_syntax
from engine.compiler.tree import Scalar, Tree
from engine.limits import YAML_DEPTH_MAX, YAML_FILE_BYTES_MAX, YAML_NODES_MAX
from engine.model import SourceText
from engine.problems import Mark, Problem

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,39})")
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]{0,39})\.[0-9]{1,40}([eE][-+]?[0-9]{1,3})?")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_PROBLEMS_MAX = 50
"""Problems of one file: a damaged one has thousands, and the first tell all."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file, read."""

    source: SourceText
    root: Tree


def file_name(source: SourceText) -> str:
    """How messages name the file: `path`, or `pack:path`."""
    return f"{source.layer}:{source.path}" if source.layer else source.path


def decode(layer: str, path: str, raw: bytes) -> tuple[SourceText, tuple[Problem, ...]]:
    """The text of a file's bytes; a byte order mark is dropped, everything else that is not UTF-8 is a problem."""
    source = SourceText(layer, path, "")
    mark = Mark(file_name(source), 1, 1, layer)
    if len(raw) > YAML_FILE_BYTES_MAX:
        message = f"The file has {len(raw):,} bytes; {YAML_FILE_BYTES_MAX:,} is the most."
        return source, (Problem("yaml.too-large", message, mark, "Split it: every file may hold any section."),)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or (raw[:200].count(0) > len(raw[:200]) // 4 and len(raw) > 3):
        message = "The file is not UTF-8 text but UTF-16 or UTF-32."
        return source, (Problem("yaml.encoding", message, mark, "Save it with the encoding UTF-8."),)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace").splitlines() or [""]
        place = Mark(mark.path, len(before), len(before[-1]) + 1, layer)
        message = f"The file is not UTF-8 text: byte 0x{raw[error.start]:02x} cannot be read."
        return source, (Problem("yaml.encoding", message, place, "Save it with the encoding UTF-8 (not GBK)."),)
    return SourceText(layer, path, text), ()


def parse(source: SourceText) -> tuple[Document, tuple[Problem, ...]]:
    """The tree of a file, and everything in it that is not our YAML."""
    reader = _Reader(source)
    found = _CONTROL.search(source.text)
    if found:
        line = source.text.count("\n", 0, found.start()) + 1
        column = found.start() - (source.text.rfind("\n", 0, found.start()) + 1) + 1
        reader.report(
            "yaml.character",
            f"There is an invisible control character (U+{ord(found.group()):04X}).",
            Mark(reader.name, line, column, source.layer),
            "Delete it.",
        )
    elif len(source.text.encode("utf-8", "replace")) > YAML_FILE_BYTES_MAX:
        reader.report("yaml.too-large", f"The file has more than {YAML_FILE_BYTES_MAX:,} bytes.", reader.start, "")
    else:
        reader.read()
    return Document(source, reader.root()), tuple(reader.problems)


@dataclass(slots=True)
class _Open:
    """A map or list whose end is not yet read."""

    tree: Tree
    flow: bool
    key: str | None = None
    key_mark: Mark | None = None
    key_event: Any = None
    skips: bool = False
    """The key was refused: its value is read and dropped."""
    last_text: str = ""
    """The plain scalar read before, to see a comma that cut a formula."""


@dataclass(slots=True)
class _Reader:
    source: SourceText
    problems: list[Problem] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    found: Tree | None = None
    nodes: int = 0
    documents: int = 0

    @property
    def name(self) -> str:
        return file_name(self.source)

    @property
    def start(self) -> Mark:
        return Mark(self.name, 1, 1, self.source.layer)

    def root(self) -> Tree:
        if self.found is None:
            return Tree({}, self.start, self.start)
        if isinstance(self.found.content, dict):
            return self.found
        if self.found.content is not None and not self.problems:
            hint = "Begin with a section, such as `entities:`."
            self.report("yaml.not-a-map", "A config file is a map of sections.", self.found.mark, hint)
        return Tree({}, self.start, self.start)

    def report(self, code: str, message: str, mark: Mark, hint: str) -> None:
        self.problems.append(Problem(code, message, mark, hint))

    def mark(self, place: Any) -> Mark:
        return Mark(self.name, place.line + 1, place.column + 1, self.source.layer)

    def read(self) -> None:
        try:
            for event in yaml.parse(self.source.text, Loader=_LOADER):
                if not self.take(event) or len(self.problems) >= _PROBLEMS_MAX:
                    return
        except yaml.YAMLError as error:
            self.problems.append(explain_syntax(error, self.source.text, self.start))

    def take(self, event: Any) -> bool:
        """Handle one event; False stops the reading."""
        if isinstance(event, yaml.NodeEvent):
            return self.take_node(event)
        if isinstance(event, yaml.CollectionEndEvent):
            self.stack.pop()
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if event.tags:
                self.report("yaml.tag", "Tags are not part of the config language.", self.start, "Delete `%TAG`.")
            if self.documents > 1:
                hint = "Delete the line `---`; a file is one document."
                self.report("yaml.documents", "A second document begins here.", self.mark(event.start_mark), hint)
                return False
        return True

    def take_node(self, event: Any) -> bool:
        self.nodes += 1
        mark = self.mark(event.start_mark)
        if self.nodes > YAML_NODES_MAX or len(self.stack) >= YAML_DEPTH_MAX:
            too_deep = len(self.stack) >= YAML_DEPTH_MAX
            message = TOO_DEEP if too_deep else "The file is too large."
            self.report("yaml.too-deep" if too_deep else "yaml.too-large", message, mark, SPLIT_HINT)
            return False
        if isinstance(event, yaml.AliasEvent):
            hint = "Write the value out; texts are shared with terms, and parts with packs."
            self.report("yaml.alias", f"Aliases (*{event.anchor}) are not part of the config language.", mark, hint)
            self.place(Tree(None, mark, mark), event)
            return True
        if event.tag is not None:
            short = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.report(
                "yaml.tag", f"Tags ({short[:60]}) are not part of the config language.", mark, "Delete the tag."
            )
        if isinstance(event, yaml.ScalarEvent):
            plain_text = not event.style
            self.place(Tree(scalar(event.value) if plain_text else event.value, self.content_mark(event), mark), event)
            return True
        tree = Tree({} if isinstance(event, yaml.MappingStartEvent) else [], mark, mark)
        self.place(tree, event)
        self.stack.append(_Open(tree, bool(event.flow_style)))
        return True

    def content_mark(self, event: Any) -> Mark:
        """Where the text itself begins: after the quote, or on the line below `>-`."""
        place = event.start_mark
        if event.style in ("'", '"'):
            return Mark(self.name, place.line + 1, place.column + 2, self.source.layer)
        if event.style not in ("|", ">"):
            return self.mark(place)
        lines = self.source.text[place.index : place.index + 2_000].split("\n", 40)
        for offset, line in enumerate(lines[1:], start=1):
            if line.strip():
                return Mark(self.name, place.line + 1 + offset, len(line) - len(line.lstrip()) + 1, self.source.layer)
        return self.mark(place)

    def place(self, tree: Tree, event: Any) -> None:
        """Put a value where it belongs: the root, a list, or as key or value of a map."""
        if not self.stack:
            self.found = tree
            return
        holder = self.stack[-1]
        if isinstance(holder.tree.content, list):
            holder.tree.content.append(tree)
            return
        assert isinstance(holder.tree.content, dict)
        if holder.key_mark is None:
            self.take_key(holder, tree, event)
            return
        if not holder.skips:
            assert holder.key is not None
            tree.key = holder.key_mark
            if isinstance(event, yaml.CollectionStartEvent) and not event.flow_style:
                tree.mark = tree.key  # a block begins on a later line; its key is where people look
            self.notice_comma(holder, event)
            holder.tree.content[holder.key] = tree
            holder.last_text = event.value if isinstance(event, yaml.ScalarEvent) and not event.style else ""
        holder.key_mark = None

    def take_key(self, holder: _Open, tree: Tree, event: Any) -> None:
        assert isinstance(holder.tree.content, dict)
        holder.key_mark, holder.skips, holder.key_event = tree.key, True, event
        if not isinstance(event, yaml.ScalarEvent):
            if not isinstance(event, yaml.AliasEvent):
                self.report("yaml.key", "A key must be a word.", tree.key, "Quote texts that begin with { or [.")
            return
        key = event.value
        if key == "<<" and not event.style:
            hint = "Write the keys out; packs share parts between configs."
            self.report("yaml.merge-key", "Merge keys (<<) are not part of the config language.", tree.key, hint)
        elif key in holder.tree.content:
            first = holder.tree.content[key].key
            message = f"'{key}' stands twice in the same map; the first is at {first}."
            self.report("yaml.duplicate-key", message, tree.key, "Keep one of them.")
        else:
            holder.key, holder.skips = key, False

    def notice_comma(self, holder: _Open, event: Any) -> None:
        """In `{expr: max(a, b)}` the comma ends the text, and `b)` becomes a key without value."""
        is_empty = isinstance(event, yaml.ScalarEvent) and not event.style and event.value == ""
        if not (holder.flow and is_empty) or self.source.text[holder.key_event.end_mark.index :].lstrip()[:1] == ":":
            return
        assert holder.key is not None and holder.key_mark is not None
        message = f"The comma ended the text before it, so that '{holder.key}' stands here as a key without a value."
        hint = "Put the whole text in quotes, or write it on a line of its own: a comma inside {...} ends a text."
        if not holder.last_text:
            message, hint = f"'{holder.key}' has no value.", f"Write `{holder.key}: ...`, or quote a text with a comma."
        self.report("yaml.comma", message, holder.key_mark, hint)


def scalar(text: str) -> Scalar:
    """A plain scalar in YAML 1.2's sense: only true, false, null, ~ and decimal numbers are not text."""
    if text in ("", "null", "~"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if text[0] not in "-+0123456789":
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text


def parse_all(sources: Iterable[SourceText]) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    """All files, and the problems of all."""
    documents: list[Document] = []
    problems: list[Problem] = []
    for source in sources:
        document, found = parse(source)
        documents.append(document)
        problems += found
    return tuple(documents), tuple(problems)


@dataclass(frozen=True, slots=True)
class Sources:
    """All files of a config, by layer; not yet in order."""

    layers: dict[str, tuple[Document, ...]]
    """By layer name; "" is the firm's own."""

    @property
    def texts(self) -> tuple[SourceText, ...]:
        """The text of every file, as a revision stores it."""
        return tuple(document.source for documents in self.layers.values() for document in documents)


def plugin_names(sources: Sources | Iterable[SourceText]) -> tuple[str, ...]:
    """The plugins that the firm's own files switch on: what the catalog must hold before the config can compile.

    A pack is data: it may say that it needs a plugin, but only the firm lets code in.
    """
    if isinstance(sources, Sources):
        own = sources.layers.get("", ())
    else:
        own, _ = parse_all(text for text in sources if not text.layer)
    found: dict[str, None] = {}
    for document in own:
        for path in (("app", "plugins"), ("app", "plugins", "add")):
            listed = document.root.at(*path)
            if listed is not None and isinstance(listed.content, list):
                found |= {item.content: None for item in listed.content if isinstance(item.content, str)}
    return tuple(found)
