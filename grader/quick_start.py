"""Spares a command half a second at its start."""

from __future__ import annotations

import sys


def import_nbformat() -> None:
    """Imports nbformat without what jsonschema adds for internationalised web addresses: 38 grammars that are compiled
    at import and that no notebook's schema asks for."""
    name = "rfc3987_syntax"
    if "jsonschema" in sys.modules or name in sys.modules:
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        import nbformat  # noqa: F401
    finally:
        del sys.modules[name]
