from collections.abc import Iterable

from _typeshed.wsgi import StartResponse, WSGIEnvironment
from apistar import http
from apistar.server.app import App

def serve_schema(app: App) -> http.Response: ...
def serve_documentation(app: App) -> str: ...
def serve_static_wsgi(
    app: App, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]: ...
