"""Failures around hufud: its configuration, trust and libraries, the reaper, the module, all files at once; and files that are half
upgraded, replaced or removed under live sessions. What fails inside hufud is in test_statement_2.py."""

import pytest

from failures import AROUND, people, refused_and_nobody_else


@pytest.fixture(scope="module")
def crowd(guarded):
    people(guarded)
    return guarded


@pytest.mark.parametrize("failure", AROUND, ids=lambda failure: failure.__name__)
def test_department_works_and_vendor_is_refused(crowd, failure):
    refused_and_nobody_else(crowd, failure, AROUND[failure])
