"""How long work says how far it is, to whoever watches it."""

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Which step, how far it is, and of how much."""
