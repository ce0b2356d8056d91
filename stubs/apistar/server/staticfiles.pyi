from collections.abc import Iterable, Sequence

from _typeshed.wsgi import StartResponse, WSGIEnvironment

class BaseStaticFiles:
    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]: ...

class StaticFiles(BaseStaticFiles):
    def __init__(
        self, prefix: str, static_dir: str | None = ..., packages: Sequence[str] | None = ...
    ) -> None: ...
