"""Ending when told to, although what was interrupted says something else."""

import asyncio


def end_if_told() -> None:
    """Raise CancelledError where this task was told to end, and another error took its place.

    Who is cancelled within a transaction whose connection is dead hears of the connection: undoing
    it fails too, and that is what comes out. Asked wherever such an error leads to another try, or
    a process that stops would wait for a task that goes on for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
