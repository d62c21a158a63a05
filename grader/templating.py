"""The templates of our own pages: the report, and what a student gets back."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).resolve().parent / "templates"


def environment() -> Environment:
    """Escapes every value, and fails on a name that is not there."""
    loader = FileSystemLoader([TEMPLATES, TEMPLATES / "course_feedback"])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
