"""The settings of the test project, with the routes of `posting`."""

from management_tests.project.settings import *  # noqa: F403

APISTAR_ROUTE_CONF = 'management_tests.bench.posting'
