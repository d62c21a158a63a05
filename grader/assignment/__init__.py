"""Any nbgrader assignment in our sandboxes: a course's own notebooks with assert cells, hidden tests, autotests,
partial credit and cells that a person grades.

Such tests run in the student's own process, as they do in nbgrader: this keeps students from each other and from the
machine, but it cannot hide a test from the code that the test runs.
"""
