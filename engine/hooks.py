"""Everything a plugin may do. One docstring per hook; docs/reference/plugins.md is built from them."""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from engine.expression import Function
from engine.kinds import FieldType

PROJECT = "forme"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """The hooks, each a question asked once, before any config is read."""

    @hookspec
    def field_types(self) -> Sequence[type[FieldType]]:
        """Offer kinds of field. Each becomes a word after `type:`, with its options checked by schema."""
        raise NotImplementedError

    @hookspec
    def functions(self) -> Sequence[Function]:
        """Offer functions for expressions, each in a Python and a SQL form with the same answer."""
        raise NotImplementedError
