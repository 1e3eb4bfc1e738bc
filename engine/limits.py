"""Every bound of the product, each with its reason."""

from __future__ import annotations

from typing import Final

# ---- config files (what a careful office worker writes is far below; a bomb is far above)

YAML_FILE_BYTES_MAX: Final = 2_000_000
"""One file; 12,000 lines of YAML are about 0.5 MB."""
YAML_FOLDER_BYTES_MAX: Final = 20_000_000
YAML_DEPTH_MAX: Final = 40
"""Deeper nesting crashes parsers; our own language needs about 12."""
YAML_NODES_MAX: Final = 200_000
YAML_ALIASES_MAX: Final = 0
"""The language has terms and packs to share text; aliases only serve bombs."""
PROBLEMS_SHOWN_MAX: Final = 200
"""What a person can read; the rest is counted."""

# ---- expressions

EXPRESSION_CHARACTERS_MAX: Final = 2_000
EXPRESSION_NODES_MAX: Final = 300
EXPRESSION_DEPTH_MAX: Final = 40
"""Checked before parsing goes deep, so that hostile text cannot exhaust the stack."""
EXPRESSION_NUMBER_DIGITS_MAX: Final = 38
"""Digits before the point of any result on the way: the product of two int64 fits, a bomb does not."""
DIVISION_PLACES: Final = 12
"""Places that `/` gives, half up: 4 would put a real quotation wrong by a cent."""

# ---- values

TEXT_CHARACTERS_MAX: Final = 500
"""Default bound of a text field; `max` raises it."""
LONG_TEXT_CHARACTERS_MAX: Final = 100_000
INTEGER_MAX: Final = 9_223_372_036_854_775_807
"""int64: what both databases store."""
DECIMAL_SCALE_MAX: Final = 12
LIST_ITEMS_MAX: Final = 200
"""Items of one choices, tags or files value."""
FILE_BYTES_MAX: Final = 25_000_000

# ---- records and queries

LINES_MAX: Final = 1_000
"""Lines of one parent, all levels together, in one save."""
PAGE_SIZE_MAX: Final = 500
PAGE_SIZE_DEFAULT: Final = 50
COUNT_MAX: Final = 1_000
"""Counts above are told as "1,000+"."""
FILTER_TERMS_MAX: Final = 50
BULK_RECORDS_MAX: Final = 1_000
PUSH_ROWS_MAX: Final = 1_000
"""Dependent rows recomputed inside one save; past it the work becomes a job."""
QUERY_TEXT_MAX: Final = 200
"""Characters of a search."""
BODY_BYTES_MAX: Final = 10_000_000

# ---- sessions

SESSION_HOURS_MAX: Final = 24 * 14
SESSION_IDLE_HOURS_MAX: Final = 24 * 3
LOGIN_FAILURES_MAX: Final = 10
"""Wrong passwords for one account within the window before it must wait."""
LOGIN_WINDOW_SECONDS: Final = 300
TOKEN_DAYS_DEFAULT: Final = 90
TOKEN_DAYS_MAX: Final = 365
"""An API token that is forgotten ends by itself: none is in force for ever."""
IDEMPOTENCY_HOURS: Final = 24
"""How long an Idempotency-Key's answer is kept."""
