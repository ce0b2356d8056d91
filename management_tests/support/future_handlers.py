"""A handler whose annotations are text."""

from __future__ import annotations

from apistar import http, types, validators


class Title(types.Type):
    title = validators.String()


def future_handler(n: int, title: Title, method: http.Method, q: str | None = None) -> list:
    return [n, q, title, method]
