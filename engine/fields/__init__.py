"""The built-in kinds of field: one kind, one file. They enter by the same hook as a plugin's."""
