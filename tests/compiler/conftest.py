"""`FORME_GOLDEN=1 pytest tests/compiler` writes what is generated and checked in; read the difference first."""

from __future__ import annotations

import os

import pytest

from engine.compiler.reference import write_all
from tests.compiler.configs import ROOT, catalog


@pytest.fixture(scope="session", autouse=True)
def write_generated_files() -> None:
    """Only when asked for."""
    if os.environ.get("FORME_GOLDEN"):
        write_all(ROOT, catalog())
