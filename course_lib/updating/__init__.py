"""A student's bundle brought up to date, or into another language, with nothing of theirs lost.

    given (what a release gave) ─┐
    opened (their notebook)     ─┼─▶ matching ──▶ merging: cells ──▶ planning: files ──▶ writing: backup, then replace
    given (the newer release)   ─┘

``merging`` is a pure function of three notebooks. ``planning`` reads and decides everything before ``writing`` changes
the first file. What is said stands in ``words``, how in ``reporting``. The standard library is enough.
"""
