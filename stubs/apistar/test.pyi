from collections.abc import Callable
from typing import Any

import requests
from _typeshed.wsgi import WSGIEnvironment

class _WSGIAdapter(requests.adapters.HTTPAdapter):
    app: Callable[..., Any]
    def __init__(self, app: Callable[..., Any]) -> None: ...
    def get_environ(self, request: requests.PreparedRequest) -> WSGIEnvironment: ...

class _TestClient(requests.Session):
    def __init__(self, app: Callable[..., Any], scheme: str, hostname: str) -> None: ...

def TestClient(app: Callable[..., Any], scheme: str = ..., hostname: str = ...) -> _TestClient: ...
