"""`python -m engine.cli`: the command without an installed script."""

from engine.cli import main

main()
