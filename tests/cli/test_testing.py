"""What plugins' tests are given."""

from __future__ import annotations

from datetime import date

import pytest

import plugins.china as china
from engine.testing import ConfigError, crm

BILL = """
app: {name: x, locale: en, timezone: Asia/Shanghai, currency: CNY, plugins: [china]}
entities:
  bill:
    label: Bill
    fields:
      name:   {type: text, label: Name}
      amount: {type: money, label: Amount}
      words:  {type: text, label: Words, expr: amount_in_words(amount)}
      due:    {type: date, label: Due, default: =today() + days(3)}
"""


def test_a_plugin_is_tested_in_a_crm_of_its_own() -> None:
    with crm(BILL, china) as firm:
        firm.advance(days=1)
        bill = firm.create("bill", amount="18702.72")
        assert firm.read("bill", bill)["words"] == "人民币壹万捌仟柒佰零贰元柒角贰分"
        assert firm.read("bill", bill)["due"] == date(2026, 1, 9)
        firm.update("bill", bill, amount="1")
        assert firm.read("bill", bill)["words"] == "人民币壹元整"


def test_a_config_that_does_not_compile_says_so() -> None:
    with pytest.raises(ConfigError, match="no plugin 'china'"), crm(BILL):
        pass
