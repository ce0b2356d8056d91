"""Problems, versions and CORS as they come over the wire from each server, beside streams."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from management_tests.support.server_process import Project

pytestmark = pytest.mark.slow

SETTINGS = """
    APISTAR_SETTINGS['EVENT_HOOKS'] = ['django_apistar.cors.Cors']
    CORS_ALLOWED_ORIGINS = ['https://app.example.com']
    CORS_EXPOSE_HEADERS = ['ETag']
"""
ROUTES = """
    from django_apistar.responses import conditional


    @conditional(etag=lambda: 'v1')
    def versioned() -> dict:
        return {'version': 1}


    @conditional(etag=lambda: 'v1')
    def write(number: int) -> dict:
        raise AssertionError('It has run.')


    def stream():
        yield 'one '
        yield 'two'


    def divide() -> dict:
        return {'result': 1 / 0}


    routes += [
        Route('/versioned/', 'GET', versioned), Route('/versioned/', 'PUT', write, name='write'),
        Route('/stream/', 'GET', stream), Route('/divide/', 'GET', divide),
    ]
"""
ORIGIN = 'https://app.example.com'
PROBLEM = 'application/problem+json'
CORS = {
    'vary': 'origin', 'access-control-allow-origin': ORIGIN,
    'access-control-expose-headers': 'ETag',
}  # fmt: skip
VERSION = {'etag': '"v1"'}
KEPT = ('access-control-', 'vary', 'etag', 'content-length', 'transfer-encoding', 'content-type')


def show(answer: requests.Response) -> tuple[int, dict[str, str], str]:
    """Return what matters of *answer*."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    kept = {name: value for name, value in headers.items() if name.startswith(KEPT)}
    return answer.status_code, kept, answer.text


@pytest.fixture
def project(tmp_path: Path) -> Project:
    pytest.importorskip('corsheaders')
    project = Project(tmp_path)
    project.append('shop/settings.py', SETTINGS)
    project.append('shop/routes.py', ROUTES)
    return project


def test_servers_send_what_the_application_says(project: Project, server_name: str) -> None:
    with project.serve('--server', server_name, '--workers', '1') as server:

        def ask(method: str, path: str, **headers: str) -> Any:
            named = {name.replace('_', '-'): value for name, value in headers.items()}
            given = {'Origin': ORIGIN, **named}
            return show(requests.request(method, server.url + path, headers=given, timeout=30))

        assert ask('GET', '/versioned/') == (
            200,
            {**CORS, **VERSION, 'content-type': 'application/json', 'content-length': '13'},
            '{"version":1}',
        )
        found = ask('GET', '/versioned/', If_None_Match='W/"v1"')
        assert found == (304, {**CORS, **VERSION}, '')
        status, headers, text = ask('PUT', '/versioned/?number=1', If_Match='"v0"', Accept=PROBLEM)
        assert (status, headers) == (
            412,
            {**CORS, 'vary': 'Accept, origin', 'content-type': PROBLEM, 'content-length': '96'},
        )
        assert text == (
            '{"type":"about:blank","title":"Precondition Failed","status":412,'
            '"detail":"Precondition failed"}'
        )
        assert ask('OPTIONS', '/none/', Access_Control_Request_Method='PUT')[0] == 200
        status, headers, text = ask('GET', '/stream/')
        assert (status, text) == (200, 'one two')
        assert {**headers, **CORS} == headers
        assert ask('GET', '/divide/', Accept=PROBLEM)[2] == (
            '{"type":"about:blank","title":"Internal Server Error","status":500,'
            '"detail":"Server error"}'
        )
        status, headers, text = ask('HEAD', '/none/', Accept=PROBLEM)
        assert (status, headers['content-type'], text) == (404, PROBLEM, '')
