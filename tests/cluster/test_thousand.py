"""The long run: a thousand submissions, four workers, one of them killed in the middle."""

from __future__ import annotations

import pytest

from tests.cluster import thousand


@pytest.mark.long
@pytest.mark.sandbox
def test_a_thousand_submissions_and_a_lost_worker() -> None:
    found = thousand.main(1000)
    assert found["killed"] == 1
    assert any("worker-1 is gone" in line for line in found["said"])
    assert found["status"] == 0
    assert found["graded"] == 1000 and found["graded_once"]
    assert found["scores_equal"] and found["receipts_equal"] and found["grades_csv_equal"]
