"""``grader build-font``: make course_lib's Chinese font again, after a text brought a character that it lacks."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--course",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The course's folder.",
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Another file than course_lib's own.")
def command(source: Path, course: Path, out: Path | None) -> None:
    """Make course_lib's Chinese font from SOURCE.

    SOURCE is Noto Sans CJK Regular, NotoSansCJK-Regular.ttc in Debian's package fonts-noto-cjk.
    """
    from course_lib.fonts import FONT_FILE
    from grader.fonts import characters, is_chinese, subset

    target = out or FONT_FILE
    wanted = characters(course)
    held = subset(source, wanted, target)
    click.echo(f"{target.name}: {len(held)} characters, {target.stat().st_size / 1000:.0f} kB")
    missing = sorted(c for c in wanted - held if is_chinese(c))
    if missing:
        raise click.ClickException(f"the source lacks {''.join(missing)}")
