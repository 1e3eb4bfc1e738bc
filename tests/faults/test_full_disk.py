"""A disk that fills up at any write: refused in words, nothing half-stored, reading goes on, space helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.disk import new_control, run


@pytest.mark.parametrize("story", ["save", "upload", "import", "apply"])
def test_a_disk_that_fills_up_at_any_write_does_no_harm(story: str, tmp_path: Path) -> None:
    tree, control = tmp_path.resolve() / "disk", new_control(tmp_path)

    run("tests.faults.on_a_full_disk", story, str(tree / "firm"), str(control), tree=tree, control=control)
