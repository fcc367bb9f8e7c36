"""Measured work beside its reference, in one run, on data that is checked; `make bench`."""
