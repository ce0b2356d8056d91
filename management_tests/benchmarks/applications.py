"""WSGI applications for the servers, made when they are asked for by name."""

from __future__ import annotations

from typing import Any


def bare(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """What the server alone costs: the answer to hello, made of nothing."""
    body = b'{"message":"Hello, world!"}'
    headers = [('content-length', str(len(body))), ('content-type', 'application/json')]
    start_response('200 OK', headers)
    return [body]


def __getattr__(name: str) -> Any:
    from management_tests.benchmarks.cases import Variant
    from management_tests.benchmarks.subjects import BUILDERS

    if name not in BUILDERS:
        raise AttributeError(name)
    return BUILDERS[name](Variant())
