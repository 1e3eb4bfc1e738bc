"""Run as a process of its own: one workbook's first sheet to lines of JSON, with bounded memory and time."""

from __future__ import annotations

import json
import resource
import sys
from datetime import date, datetime, time, timedelta
from typing import Any

MEMORY_BYTES_MAX = 1_000_000_000
CPU_SECONDS_MAX = 50
CELLS_MAX = 5_000_000


def main(path: str) -> int:
    """Print the rows; a workbook that cannot be read is told on standard error."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS_MAX, CPU_SECONDS_MAX))
    from python_calamine import CalamineWorkbook  # after the limits stand

    try:
        sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(0)
        if sheet.total_height * sheet.total_width > CELLS_MAX:
            print(f"the sheet spans {sheet.total_height:,} rows and {sheet.total_width:,} columns", file=sys.stderr)
            return 1
        for row in sheet.to_python(skip_empty_area=False):
            print(json.dumps([text_of(cell) for cell in row]))
    except Exception as error:
        print(str(error).strip() or type(error).__name__, file=sys.stderr)
        return 1
    return 0


def text_of(cell: Any) -> str:
    """A cell as it would be typed."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
