"""Submission and review against a small model of their own.

The model, written from the documents of the domain: `table` (scoring), `world` (programme),
`dossier` and `asking`, `case`, `verdicts`, `titles`. Both sides play by `play`, which sends each
act (`office_acts`, `case_acts`) to the real services of `driver`; `walk` says what is next,
`office_moves` and `case_moves` what might be sent, `seen` what is shown. Begin at `test_machine`.
"""
