"""Two aggregates, one service: a programme (`programmes/`), and the case of each application.

Begin at `case.py`; `access.py` says who may, `place.py` how a decision is taken.
"""
