"""The ``grader`` command. Each subcommand is a module in grader/commands with a click command named ``command``;
adding a file there adds a command, and nothing heavy is imported before it is asked for."""

from __future__ import annotations

import importlib
import keyword
import pkgutil
import sys

import click

from grader import commands


class FoundCommands(click.Group):
    """A group whose commands are the modules of grader.commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(m.name.rstrip("_").replace("_", "-") for m in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        name = cmd_name.replace("-", "_")
        # A module cannot be called `return`: its name carries a line behind.
        module = importlib.import_module(f"grader.commands.{name}{'_' * keyword.iskeyword(name)}")
        command: click.Command = module.command
        return command


@click.group(cls=FoundCommands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="pytorch-course")
def main() -> None:
    """Build, check, release and grade the bilingual PyTorch course."""
    for stream in (sys.stdout, sys.stderr):
        # A GBK console on Windows would otherwise stop at the first character it does not know.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


if __name__ == "__main__":
    main()
