"""``grader lab``: the course as a student sees it."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click


@click.command()
@click.argument("work", type=click.Path(path_type=Path, file_okay=False))
@click.option("--lang", "language", type=click.Choice(["en", "zh", "both"]), default="both", show_default=True)
@click.option("--prepare", is_flag=True, help="Only lay out the lessons; do not start JupyterLab.")
def command(work: Path, language: str, prepare: bool) -> None:
    """Copy the released lessons into the folder WORK and open JupyterLab there.

    A former copy in WORK is brought up to date, and into the language, as students do it with `python -m course_lib
    update`: your answers and notes stay. Delete a notebook to get a fresh copy.
    """
    from course_lib.updating.writing import Stopped
    from grader.commands.release import command as release
    from grader.lab import KEPT, bring_up_to_date, lay_out

    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "release"
        with contextlib.redirect_stdout(io.StringIO()):  # it would name a folder that is gone in a moment
            release.main([str(bundle), "--lang", language], standalone_mode=False)
        try:
            said = bring_up_to_date(bundle, work, language)
        except Stopped as stopped:
            raise click.ClickException(stopped.text.say(language)) from None
        if said is None:
            laid = lay_out(bundle, work)
            click.echo(f"{work}: {len(laid.copied)} files copied")
            said = [KEPT.format(name=name) for name in laid.kept]
    for text in said:
        click.echo(text.say(language))
    if prepare:
        return
    jupyter = shutil.which("jupyter", path=str(Path(sys.executable).parent)) or "jupyter"
    raise SystemExit(subprocess.run([jupyter, "lab", "START.ipynb"], cwd=work, check=False).returncode)
