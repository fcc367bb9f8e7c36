"""Scoring sheets as workbooks: bytes out, bytes in, and the same bytes back with the mistakes.

A `Form` is written by `writing.write`, filled in with WPS or Excel without a network, and read by
`reading.read`: bound to its township, its case and officer, and the digest of its standard; its
rows are found by code, whatever was sorted, moved, hidden or deleted. `annotating.annotate` puts
findings beside their cells. `opening.open_workbook` lets nothing in that could do harm, and
`tables` writes lists as CSV or .xlsx.

All of it costs processor time and runs in `shared.web.workers`, never on the event loop; how an
answer is given over HTTP is in `desk`. Knows no service. Start at `form`.
"""
