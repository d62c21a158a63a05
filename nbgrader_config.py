"""nbgrader's configuration for this course: run its commands in this folder."""

from grader.nbgrader_plugins import configure

configure(get_config())  # noqa: F821 - nbgrader provides get_config
