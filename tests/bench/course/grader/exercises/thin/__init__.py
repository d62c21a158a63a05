"""The exercises of the thin notebook that ``make bench`` measures with."""
