"""The conformance suite's engine: what one endpoint does reliably, and how much of it another endpoint keeps.

`trials` is the common currency: one row per judged trial. `score` and `verdict` are pure functions of such rows,
`statistics` holds the formulas they use. None of them reads a clock, a file or a source of chance.
"""
