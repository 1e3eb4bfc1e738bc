"""The product without HTTP: compiler, store and runtime of a CRM written in YAML."""
