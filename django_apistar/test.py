"""A test client for both frameworks: a `requests` session that calls the WSGI application."""

import base64
import contextlib
import io
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.client import HTTPMessage
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote_to_bytes, urlsplit
from wsgiref.util import FileWrapper

import django.test
import requests
from django.conf import settings as django_settings
from django.contrib.auth import get_user, load_backend, login, logout
from django.core.signals import got_request_exception, request_finished, request_started
from django.db import close_old_connections
from django.http import HttpRequest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from django_apistar import reverse_url
from django_apistar.api.counts import get_local_counts
from django_apistar.api.responses import BODILESS, check_headers, close
from django_apistar.dispatch.dispatcher import get_application

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    _Base = django.test.SimpleTestCase
else:
    _Base = object

SAFE_METHODS = frozenset(('GET', 'HEAD', 'OPTIONS', 'TRACE'))


class TestClient(requests.Session):
    """A `requests` session that calls the project's WSGI application, or *app*.

    URLs are absolute or begin with '/'. Each request gets the application anew, so that
    `override_settings` takes effect. An exception that the application answers with 500 is raised
    in the test, unless *raise_server_exceptions* is False. *environ* is added to each environ.
    """

    __test__ = False  # pytest must not collect this class.
    # Called with the environ and the status of each response, of any client.
    observers: 'ClassVar[list[Callable[[WSGIEnvironment, int], None]]]' = []

    def __init__(
        self,
        app: 'WSGIApplication | None' = None,
        scheme: str = 'http',
        hostname: str = 'testserver',
        *,
        raise_server_exceptions: bool = True,
        enforce_csrf_checks: bool = False,
        environ: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.app = app
        self.base_url = f'{scheme}://{hostname}'
        self.raise_server_exceptions = raise_server_exceptions
        self.enforce_csrf_checks = enforce_csrf_checks
        self.environ = dict(environ or {})
        self.trust_env = False  # Tests do not use the proxies and the .netrc of the user.
        self.headers['User-Agent'] = 'testclient'
        adapter = _WSGIAdapter(self)
        self.mount('http://', adapter)
        self.mount('https://', adapter)

    def request(
        self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Send a request, as `requests.Session.request` does."""
        url = url.decode() if isinstance(url, bytes) else url
        if not url.lower().startswith(('http://', 'https://')):
            if not url.startswith('/'):
                raise ValueError(f"The URL {url!r} must begin with '/', 'http://' or 'https://'.")
            url = self.base_url + url
        return super().request(method, url, *args, **kwargs)

    # Credentials

    def force_login(self, user: Any, backend: str | None = None) -> None:
        """Log *user* in as the admin's login page would, without asking for a password."""
        request = self._build_session_request()
        login(request, user, backend or _first_backend())
        request.session.save()
        key = request.session.session_key
        assert key is not None  # save() has given it one.
        self._set_cookie(django_settings.SESSION_COOKIE_NAME, key)
        # login() has made a new one.
        self._set_cookie(django_settings.CSRF_COOKIE_NAME, request.META['CSRF_COOKIE'])

    def credentials(
        self, *, basic: tuple[str, str] | None = None, token: str | None = None
    ) -> None:
        """Set the credentials of all requests from now on; without arguments none."""
        self.headers.pop('Authorization', None)
        if basic is not None:
            encoded = base64.b64encode(':'.join(basic).encode()).decode()
            self.headers['Authorization'] = f'Basic {encoded}'
        elif token is not None:
            self.headers['Authorization'] = f'Bearer {token}'

    def logout(self) -> None:
        """End the session, and forget cookies and credentials."""
        request = self._build_session_request()
        request.user = get_user(request)
        logout(request)
        self.cookies.clear()
        self.credentials()

    def _build_session_request(self) -> HttpRequest:
        """Return an HttpRequest with the session of the client's cookie, or with a new one."""
        request = HttpRequest()
        store: Any = import_module(django_settings.SESSION_ENGINE).SessionStore
        keys = [
            cookie.value
            for cookie in self.cookies
            if cookie.name == django_settings.SESSION_COOKIE_NAME
        ]
        request.session = store(keys[0] if keys else None)
        return request

    def _set_cookie(self, name: str, value: str) -> None:
        # With the domain that a response's Set-Cookie would give it, so that responses replace it.
        hostname = str(urlsplit(self.base_url).hostname)
        domain = hostname if '.' in hostname else f'{hostname}.local'
        self.cookies.set(name, value, domain=domain, path='/')


class _WSGIAdapter(HTTPAdapter):
    """Sends the requests of *client* to its WSGI application instead of the network."""

    def __init__(self, client: TestClient) -> None:
        super().__init__()
        self.client = client

    def send(
        self, request: requests.PreparedRequest, *args: object, **kwargs: object
    ) -> requests.Response:
        client = self.client
        environ = build_environ(request, client.environ)
        if not client.enforce_csrf_checks:
            _add_csrf_token(environ, request)
        call = _Call()
        with _without_closed_connections(), _recording(call):
            call.run(client.app or get_application(), environ)
        for observe in client.observers:
            observe(environ, call.status_code)
        if client.raise_server_exceptions and call.exception is not None:
            raise call.exception
        raw = call.build_response(request.method or '')
        return self.build_response(request, raw)


class _Call:
    """A call of the application: what `start_response` got, and the parts of the body."""

    def __init__(self) -> None:
        self.status = ''
        self.headers: list[tuple[str, str]] = []
        self.parts: list[bytes] = []
        self.exception: BaseException | None = None  # the first one that was answered with 500

    def run(self, app: 'WSGIApplication', environ: 'WSGIEnvironment') -> None:
        """Call *app*, read the body and close it, as PEP 3333 requires of a server."""
        body = app(environ, self.start_response)
        try:
            self.parts.extend(body)
        finally:
            close(body)
        if not self.status:
            raise RuntimeError('The application has not called start_response.')

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        if exc_info:
            self.record(exc_info[1])
        elif self.status:
            raise RuntimeError('The application has called start_response twice.')
        check_headers(headers)
        self.status, self.headers = status, headers
        return self.parts.append

    def record(self, exception: BaseException | None) -> None:
        if self.exception is None:
            self.exception = exception

    @property
    def status_code(self) -> int:
        return int(self.status.partition(' ')[0])

    def build_response(self, method: str) -> HTTPResponse:
        """Return the response as urllib3 would; cookies are read from its `msg`."""
        code = self.status_code
        body = b'' if method == 'HEAD' or code in BODILESS else b''.join(self.parts)
        return HTTPResponse(
            body=io.BytesIO(body),
            headers=HTTPHeaderDict(self.headers),
            status=code,
            reason=self.status.partition(' ')[2],
            version=11,
            preload_content=False,
            original_response=_OriginalResponse(self.headers),  # type: ignore[arg-type]  # a part
            request_method=method,
        )


class _OriginalResponse:
    """The part of http.client's response from which cookies are read."""

    def __init__(self, headers: Iterable[tuple[str, str]]) -> None:
        self.msg = HTTPMessage()
        for name, value in headers:
            self.msg.add_header(name, value)

    def isclosed(self) -> bool:
        return True

    def close(self) -> None:
        """There is no connection."""


def build_environ(
    request: requests.PreparedRequest, extra: Mapping[str, Any] | None = None
) -> 'WSGIEnvironment':
    """Return the environ of *request* as a server makes it (PEP 3333), with *extra* added.

    Where *extra* holds a SCRIPT_NAME, the application is mounted there.
    """
    url = urlsplit(request.url or '')
    port = url.port or (443 if url.scheme == 'https' else 80)
    path = unquote_to_bytes(url.path).decode('latin-1')
    headers = {name: _to_text(value) for name, value in request.headers.items()}
    body, is_chunked = _read_body(request)
    environ = {
        'REQUEST_METHOD': request.method,
        'SCRIPT_NAME': '',
        'PATH_INFO': path.removeprefix((extra or {}).get('SCRIPT_NAME', '')),
        'QUERY_STRING': url.query,
        'SERVER_NAME': url.hostname,
        'SERVER_PORT': str(port),
        'SERVER_PROTOCOL': 'HTTP/1.1',
        'REMOTE_ADDR': '127.0.0.1',
        'HTTP_HOST': url.netloc.rpartition('@')[2],
        'wsgi.version': (1, 0),
        'wsgi.url_scheme': url.scheme,
        'wsgi.input': io.BytesIO(body),
        'wsgi.errors': sys.stderr,
        'wsgi.file_wrapper': FileWrapper,
        'wsgi.multithread': False,
        'wsgi.multiprocess': False,
        'wsgi.run_once': False,
        **{_environ_key(name): value for name, value in headers.items() if '_' not in name},
    }
    if is_chunked:  # Without a Content-Length the server marks the end of the input.
        environ['wsgi.input_terminated'] = True
    return {**environ, **(extra or {})}


def _environ_key(header: str) -> str:
    key = header.upper().replace('-', '_')
    return key if key in ('CONTENT_TYPE', 'CONTENT_LENGTH') else f'HTTP_{key}'


def _to_text(value: str | bytes) -> str:
    """Return *value* as text in latin-1; as http.client raise UnicodeEncodeError for other text."""
    encoded = value if isinstance(value, bytes) else value.encode('latin-1')
    return encoded.decode('latin-1')


def _read_body(request: requests.PreparedRequest) -> tuple[bytes, bool]:
    """Return (body, whether it is sent in chunks)."""
    body: Any = request.body
    if body is None:
        return b'', False
    if isinstance(body, str):
        return body.encode(), False
    if isinstance(body, (bytes, bytearray)):
        return bytes(body), False
    content = body.read() if hasattr(body, 'read') else b''.join(body)
    return _to_bytes(content), 'Content-Length' not in request.headers


def _to_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _add_csrf_token(environ: 'WSGIEnvironment', request: requests.PreparedRequest) -> None:
    """Add the CSRF cookie's token as a header, as scripts do by Django's documentation."""
    key = django_settings.CSRF_HEADER_NAME
    cookies: Any = getattr(request, '_cookies', ())
    tokens = [item.value for item in cookies if item.name == django_settings.CSRF_COOKIE_NAME]
    if request.method in SAFE_METHODS or not tokens or key in environ:
        return
    environ[key] = tokens[-1]
    environ.setdefault('HTTP_REFERER', request.url)  # which Django checks with HTTPS


def _first_backend() -> str:
    """Return the path of the first authentication backend that can find users."""
    paths = django_settings.AUTHENTICATION_BACKENDS
    return next(path for path in paths if hasattr(load_backend(path), 'get_user'))


@contextlib.contextmanager
def _without_closed_connections() -> Iterator[None]:
    """Leave the test's connection and its transaction open, as Django's test client does."""
    muted = [
        signal
        for signal in (request_started, request_finished)
        if signal.disconnect(close_old_connections)
    ]
    try:
        yield
    finally:
        for signal in muted:
            signal.connect(close_old_connections)


@contextlib.contextmanager
def _recording(call: _Call) -> Iterator[None]:
    """Record in *call* the unhandled exceptions of both frameworks, in this thread."""
    thread = threading.get_ident()

    def remember(**kwargs: object) -> None:
        if threading.get_ident() == thread:
            call.record(sys.exc_info()[1])

    got_request_exception.connect(remember)
    try:
        yield
    finally:
        got_request_exception.disconnect(remember)


class _ServesBoth(_Base):
    client: TestClient  # type: ignore[assignment]  # in place of Django's Client
    client_class = TestClient  # type: ignore[assignment]  # as well

    def run(self, result: Any = None) -> Any:
        """Run the test, without the failed logins of earlier tests."""
        get_local_counts.cache_clear()
        return super().run(result)

    def reverse_url(self, name: str, /, **params: object) -> str:
        """Return the URL path of the route *name* of either framework."""
        return reverse_url(name, **params)


class TestCase(_ServesBoth, django.test.TestCase):
    """Django's TestCase; `client` serves both frameworks."""


class TransactionTestCase(_ServesBoth, django.test.TransactionTestCase):
    """Django's TransactionTestCase; `client` serves both frameworks."""


class LiveServerTestCase(_ServesBoth, django.test.LiveServerTestCase):
    """Django's LiveServerTestCase; `live_server_url` serves both frameworks and static files."""

    @staticmethod
    def static_handler(application: object) -> Any:
        """Return what is served, in place of Django's *application*."""
        return get_application()
