"""500 logins in 20 minutes, and nothing grows: tests/bench/soak.py, which lies beside this file when it is run."""

import pytest

import soak


@pytest.mark.long
def test_nothing_grows(joined):
    soak.soak(joined)
