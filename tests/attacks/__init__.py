"""Attacks over the pages and the JSON API, each told by machine oracles: no canary shown, nothing stored."""
