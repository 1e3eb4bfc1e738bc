"""The compiler, told as stories of configs and their mistakes."""
