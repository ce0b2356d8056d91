"""METRICS_URL: what prometheus-client counts of each request."""

from __future__ import annotations

import functools
import gc
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from apistar import Include, Route
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path, re_path

from django_apistar.api.server_state import server_state
from django_apistar.conf import get_settings
from django_apistar.test import TestClient

pytest.importorskip('prometheus_client')


def item(item_id: int) -> dict:
    return {'id': item_id}


def fail() -> None:
    raise ZeroDivisionError


def interrupt() -> None:
    raise KeyboardInterrupt


def stream() -> Iterator[str]:
    yield '12345'
    yield active()


def page(request: HttpRequest, number: int = 0) -> HttpResponse:
    return HttpResponse('page')


def stream_django(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter(['12345', '678']))


def send_file(request: HttpRequest) -> FileResponse:
    return FileResponse(Path(__file__).open('rb'))


def send_memory(request: HttpRequest) -> FileResponse:
    return FileResponse(io.BytesIO(b'1234567'))


routes = [
    Include('/shop', 'shop', [Route('/item/{item_id}/', 'GET', item)]),
    Route('/fail/', 'GET', fail),
    Route('/interrupt/', 'GET', interrupt),
    Route('/stream/', 'GET', stream),
]
urlpatterns = [
    path('page/<int:number>/', page), re_path('^page/old/$', page),
    path('page/stream/', stream_django), path('page/file/', send_file),
    path('page/memory/', send_memory),
]  # fmt: skip


@pytest.fixture(autouse=True)
def with_metrics() -> Iterator[None]:
    keys = {
        **django_settings.APISTAR_SETTINGS, 'METRICS_URL': '/metrics/',
        'ALLOWED_DJANGO_ROUTES': ['/page/'],
    }  # fmt: skip
    with override_settings(
        APISTAR_SETTINGS=keys, APISTAR_ROUTE_CONF=__name__, ROOT_URLCONF=__name__
    ):
        yield


def read(name: str) -> dict[str, float]:
    """Return the samples of the metric *name*: value by 'framework method route status'."""
    text = TestClient().get('/metrics/').text
    found = {}
    for labels, value in re.findall(rf'^{name}(?:{{(.*)}})? (\S+)$', text, re.MULTILINE):
        by_name = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        names = ('framework', 'http_request_method', 'http_route', 'http_response_status_code')
        found[' '.join(by_name.get(name, '') for name in names)] = float(value)
    return found


def test_each_metric_says_what_it_counts() -> None:
    text = TestClient().get('/metrics/').text

    ours = re.findall(r'^# (?:HELP|TYPE) ((?:http_server|runapistar)_.*)$', text, re.MULTILINE)
    assert [line for line in ours if '_created ' not in line] == [
        'http_server_request_duration_seconds From the request to the end of its answer.',
        'http_server_request_duration_seconds histogram',
        'http_server_response_body_bytes_total Bytes of the bodies that were answered.',
        'http_server_response_body_bytes_total counter',
        'http_server_active_requests Requests in flight: each keeps a thread busy.',
        'http_server_active_requests gauge',
        'runapistar_workers Worker processes.', 'runapistar_workers gauge',
        'runapistar_threads Threads of all workers.', 'runapistar_threads gauge',
    ]  # fmt: skip


def active() -> str:
    return str(read('http_server_active_requests')['   '])


def counted(*asked: tuple[str, str]) -> tuple[dict[str, float], dict[str, float]]:
    """Return which requests were counted of those *asked*, and which bytes."""
    names = 'http_server_request_duration_seconds_count', 'http_server_response_body_bytes_total'
    before = [read(name) for name in names]
    for method, path_ in asked:
        TestClient(raise_server_exceptions=False).request(method, path_, allow_redirects=False)
    after = [read(name) for name in names]
    requests, sizes = (
        {key: new[key] - old.get(key, 0) for key in new if new[key] != old.get(key, 0)}
        for old, new in zip(before, after, strict=True)
    )
    return requests, sizes


def test_requests_and_bytes_are_counted_by_route() -> None:
    """`metrics`"""
    assert counted(
        ('GET', '/shop/item/1/'), ('GET', '/shop/item/22/'), ('HEAD', '/shop/item/1/'),
        ('GET', '/page/5/'), ('GET', '/page/old/'),
    ) == (
        {
            'apistar GET /shop/item/{item_id}/ 200': 2,
            'apistar HEAD /shop/item/{item_id}/ 200': 1,
            'django GET /page/<int:number>/ 200': 1,
            'django GET /^page/old/$ 200': 1,
        },
        {
            'apistar GET /shop/item/{item_id}/ 200': 17,
            'django GET /page/<int:number>/ 200': 4,
            'django GET /^page/old/$ 200': 4,
        },
    )  # fmt: skip


def test_what_has_no_route_shares_one_label() -> None:
    requests, _ = counted(
        ('GET', '/nope/'), ('GET', '/nope/again/'), ('POST', '/fail/'), ('GET', '/shop/item/1'),
        ('GET', '/page/nope/'), ('GET', '/static/nope.css'),
    )  # fmt: skip

    assert requests == {
        'apistar GET  404': 2, 'apistar POST  405': 1, 'apistar GET  302': 1,
        'django GET  404': 1, 'static GET  404': 1,
    }  # fmt: skip


def test_methods_that_clients_make_up_share_one_label() -> None:
    requests, _ = counted(('BREW', '/nope/'), ('STIR', '/nope/'))

    assert requests == {'apistar _OTHER  404': 2}


METHODS = ('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT')


def test_methods_of_http_have_a_label_each() -> None:
    requests, _ = counted(*((method, '/nope/') for method in METHODS))

    assert requests == {f'apistar {method}  404': 1 for method in METHODS}


def test_fault_counts_as_500() -> None:
    assert counted(('GET', '/fail/'))[0] == {'apistar GET /fail/ 500': 1}


def test_a_request_that_is_interrupted_counts_as_500_and_is_no_longer_in_flight() -> None:
    name = 'http_server_request_duration_seconds_count'
    before = read(name).get('apistar GET /interrupt/ 500', 0)

    with pytest.raises(KeyboardInterrupt):
        TestClient().get('/interrupt/')

    assert read(name)['apistar GET /interrupt/ 500'] == before + 1
    assert active() == '1.0'


def test_streamed_body_is_in_flight_to_its_end_and_counted_whole() -> None:
    before = active()

    answer = TestClient().get('/stream/')

    assert before == '1.0'  # the question itself
    assert answer.text == '123452.0'
    assert active() == '1.0'
    assert counted(('GET', '/stream/'), ('GET', '/page/stream/'))[1] == {
        'apistar GET /stream/ 200': 8, 'django GET /page/stream/ 200': 8,
    }  # fmt: skip


def test_a_file_that_the_server_may_send_is_counted_whole() -> None:
    requests, sizes = counted(('GET', '/page/file/'), ('GET', '/page/memory/'))

    assert requests == {'django GET /page/file/ 200': 1, 'django GET /page/memory/ 200': 1}
    assert sizes == {
        'django GET /page/file/ 200': Path(__file__).stat().st_size,
        'django GET /page/memory/ 200': 7,
    }
    assert active() == '1.0'


def test_pages_of_our_own_are_not_counted() -> None:
    assert counted(('GET', '/metrics/')) == ({}, {})


def test_seconds_are_in_buckets() -> None:
    """`metrics`"""
    key = 'apistar GET /shop/item/{item_id}/ 200'
    counted(('GET', '/shop/item/1/'))

    text = TestClient().get('/metrics/').text
    ends = re.findall(r'_seconds_bucket{.*http_route="/shop/item/.*,le="([^"]+)"', text)

    assert 0 < read('http_server_request_duration_seconds_sum')[key] < 5
    assert list(dict.fromkeys(ends)) == [
        '0.005', '0.01', '0.025', '0.05', '0.075', '0.1', '0.25', '0.5', '0.75', '1.0', '2.5',
        '5.0', '7.5', '10.0', '+Inf',
    ]  # fmt: skip


def test_page_is_prometheus_own() -> None:
    client = TestClient()

    text = client.get('/metrics/')
    openmetrics = client.get('/metrics/', headers={'Accept': 'application/openmetrics-text'})

    assert text.headers['Content-Type'].startswith('text/plain; version=')
    assert openmetrics.headers['Content-Type'].startswith('application/openmetrics-text')
    assert client.post('/metrics/').status_code == 405


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder by which this process, a worker of two threads, shares its metrics."""
    from prometheus_client import mmap_dict, values

    from django_apistar.dispatch import metrics

    monkeypatch.setenv(metrics.FOLDER, str(tmp_path))
    monkeypatch.setattr(values, 'ValueClass', values.ValueClass)
    monkeypatch.setattr(metrics, 'get_metrics', functools.cache(metrics.Metrics))
    monkeypatch.setattr(server_state, '_starting', [])
    metrics.get_metrics()
    server_state.start(2)
    yield tmp_path
    for known in gc.get_objects():  # The library keeps its files open as long as its process runs.
        if type(known) is mmap_dict.MmapedDict and Path(known._fname).parent == tmp_path:
            known.close()


def test_files_that_another_worker_has_only_just_made_are_read_as_empty(shared: Path) -> None:
    requests, _ = counted(('GET', '/shop/item/1/'))
    for kind in ('gauge_livesum', 'counter', 'histogram'):
        (shared / f'{kind}_1.db').touch()

    assert read('runapistar_workers') == {'   ': 1}
    assert read('runapistar_threads') == {'   ': 2}
    assert counted(('GET', '/shop/item/1/')) == (requests, {next(iter(requests)): 8})


WORKER = """
import os, sys
from django_apistar.api.server_state import server_state
from django_apistar.dispatch.metrics import get_metrics
get_metrics()
server_state.start(4)
if os.fork():
    os._exit(0)
print('forked', flush=True)
sys.stdin.read()
"""


def test_worker_that_has_ended_is_not_counted_while_what_it_forked_runs(shared: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, '-c', WORKER], env={**os.environ}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with worker:
        assert worker.stdout
        assert worker.stdout.readline() == 'forked\n'
        assert worker.wait() == 0

        assert read('runapistar_workers') == {'   ': 1}
        assert read('runapistar_threads') == {'   ': 2}


def test_E019_library_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'prometheus_client', None)
    get_settings.cache_clear()

    with pytest.raises(ImproperlyConfigured) as caught:
        get_settings()

    assert str(caught.value) == (
        "METRICS_URL is '/metrics/', and prometheus-client is not installed. Run pip install "
        "'django-apistar[metrics]', or set METRICS_URL to None."
    )
