"""What each run needs of the interpreter."""

import gc

import pytest


@pytest.fixture(autouse=True)
def still() -> None:
    """Each kill collects: walking what other tests left would take six times as long as the run."""
    gc.collect()
    gc.freeze()
