"""From a folder of YAML to one immutable Model, or every problem with its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from engine.catalog import Catalog
from engine.compiler.chains import check_chains
from engine.compiler.checks import check_model
from engine.compiler.explain import UnknownPart, explain
from engine.compiler.folder import parse_sources, read_sources
from engine.compiler.ids import check_ids
from engine.compiler.junctions import expand_links
from engine.compiler.layers import merge_layers
from engine.compiler.links import check_links
from engine.compiler.model import build_model, with_warnings
from engine.compiler.names import Names, read_kinds
from engine.compiler.references import check_references
from engine.compiler.schema import known_keys
from engine.compiler.settings import check_settings
from engine.compiler.shapes import check_shapes
from engine.compiler.sources import Sources
from engine.compiler.stories_check import check_stories
from engine.model import Model, SourceText
from engine.problems import ConfigError, Problem, stop_on

PROBLEMS_MAX = 1_000
"""Errors of one phase; looking for the nearest word of each takes a millisecond."""

__all__ = ["Sources", "UnknownPart", "check_config", "compile_config", "compile_sources", "explain", "read_sources"]


def compile_config(folder: Path, catalog: Catalog) -> Model:
    """Turn a folder of YAML into one immutable Model, or raise ConfigError with every problem of a phase."""
    return _compile(read_sources(folder), catalog)


def compile_sources(sources: Sources | Sequence[SourceText], catalog: Catalog) -> Model:
    """The same from texts that were read before: those of a revision."""
    return _compile(sources if isinstance(sources, Sources) else parse_sources(sources), catalog)


def check_config(sources: Path | Sources, catalog: Catalog) -> tuple[Problem, ...]:
    """All that `forme check` has to say of a folder, or of its files that were read already: errors and warnings."""
    try:
        return _compile(sources if isinstance(sources, Sources) else read_sources(sources), catalog).warnings
    except ConfigError as error:
        return error.problems


def _compile(sources: Sources, catalog: Catalog) -> Model:
    config = merge_layers(sources, known_keys(catalog))
    _stop_on(check_shapes(config, catalog))
    _stop_on(check_ids(config), check_settings(config))
    config = expand_links(config)
    names = Names(config, catalog)
    _stop_on(read_kinds(names))
    _stop_on(check_chains(names))
    _stop_on(check_links(names), check_references(names))
    model = build_model(names)
    found = _stop_on(check_model(model, names), check_stories(names, model))
    return with_warnings(model, (*config.warnings, *model.warnings, *found))


def _stop_on(*checks: Iterable[Problem]) -> tuple[Problem, ...]:
    """The warnings of a phase; raises ConfigError with its errors. Of very many the first tell all."""
    found: list[Problem] = []
    errors = 0
    for problem in chain.from_iterable(checks):
        found.append(problem)
        errors += problem.severity == "error"
        if errors == PROBLEMS_MAX:
            break
    return stop_on(found)
