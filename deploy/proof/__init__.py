"""The record as a file that an auditor takes away, and the checking of it."""
