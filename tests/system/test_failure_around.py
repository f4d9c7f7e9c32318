"""Failures around hufud: its configuration, trust and libraries, the reaper, the module, all files at once; and files that are half
upgraded, replaced or removed under live sessions. What fails inside hufud is in test_statement_2.py."""

import pytest

from failures import AROUND, crowd, refused_and_nobody_else  # noqa: F401


@pytest.mark.parametrize("failure", AROUND, ids=lambda failure: failure.__name__)
def test_department_works_and_vendor_is_refused(crowd, failure):  # noqa: F811
    refused_and_nobody_else(crowd, failure, AROUND[failure])
