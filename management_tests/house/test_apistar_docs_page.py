"""docs/reference/apistar_docs.md tells every option; test_command_pages compares what it shows."""

import re

import pytest

from management_tests.support.server_process import REPOSITORY

pytestmark = pytest.mark.once

PAGE = REPOSITORY / 'docs/reference/apistar_docs.md'


def test_every_option_is_on_the_page():
    command = REPOSITORY / 'django_apistar/management/commands/apistar_docs.py'
    options = re.findall(r"'(--[a-z-]+)'", command.read_text())

    assert [option for option in options if option not in PAGE.read_text()] == []
