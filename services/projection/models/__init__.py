"""Read models: each row is written by one stream alone, so no order between topics matters.

A row keeps the dated facts of its stream, in the stream's order. What holds on a day is a pure
function of the facts up to that day, never a value that somebody overwrote.

Whoever changes a fold or a table here raises `schema.FOLDS`.
"""

from services.projection.models.rows import Rows, fold
from services.projection.models.schema import Models, metadata
from services.projection.models.store import apply, load, load_programmes

__all__ = ["Models", "Rows", "apply", "fold", "load", "load_programmes", "metadata"]
