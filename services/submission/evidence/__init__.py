"""Files that offices show: taken in, kept once, read on record, erased for good."""
