"""What the compiler's tests share: a catalog, and configs made of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import engine.fields
from engine.catalog import Catalog, collect
from engine.compiler import compile_sources
from engine.expression import Function
from engine.expression.functions import BUILTIN
from engine.hooks import hookimpl
from engine.model import Model, SourceText
from engine.problems import ConfigError, Problem
from plugins.china import plugin as china

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"


class Functions:
    """The engine's functions, as boot registers them."""

    @hookimpl
    def functions(self) -> Sequence[Function]:
        return tuple(BUILTIN.values())


@cache
def catalog() -> Catalog:
    """The built-in kinds and functions, and the plugin of the estimating example."""
    return collect([("engine.fields", engine.fields.plugin), ("engine.functions", Functions()), ("china", china)])


def sources(files: Mapping[str, str]) -> tuple[SourceText, ...]:
    """Files by path; a pack's as `pack:path`."""
    found = []
    for name, text in files.items():
        layer, _, path = name.rpartition(":")
        found.append(SourceText(layer, path, text))
    return tuple(found)


def compile_files(files: Mapping[str, str]) -> Model:
    """The Model of these files."""
    return compile_sources(sources(files), catalog())


def compile_text(text: str) -> Model:
    """The Model of one app.yaml."""
    return compile_files({"app.yaml": text})


def problems_of(files: Mapping[str, str]) -> tuple[Problem, ...]:
    """What the compiler says of these files, warnings included."""
    try:
        return compile_files(files).warnings
    except ConfigError as error:
        return error.problems


def errors_of(text: str) -> tuple[Problem, ...]:
    """What is refused in one app.yaml."""
    return tuple(problem for problem in problems_of({"app.yaml": text}) if problem.severity == "error")


SMALL = """
app: {name: Friendly Printers, locale: en, locales: [en, zh-CN], timezone: Asia/Shanghai, currency: CNY}
"""
