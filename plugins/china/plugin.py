"""The hooks that this plugin answers."""

from __future__ import annotations

from collections.abc import Sequence

from engine.api import MONEY, TEXT, Function, hookimpl
from plugins.china.amounts import amount_in_words


@hookimpl
def functions() -> Sequence[Function]:
    """`amount_in_words(money)`, for stored formulas: quotations, contracts, invoices."""
    return (
        Function(
            name="amount_in_words",
            parameters=(MONEY,),
            result=TEXT,
            python=amount_in_words,
            sql=None,
            help={
                "zh-CN": "人民币金额的中文大写，例如 人民币壹万捌仟柒佰零贰元柒角贰分。",
                "en": "An amount of yuan in Chinese capitals, as banks and invoices ask for it.",
            },
        ),
    )
