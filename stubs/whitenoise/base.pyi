from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.headers import Headers

from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
from whitenoise.responders import Redirect, StaticFile

class WhiteNoise:
    autorefresh: bool
    max_age: int | None
    allow_all_origins: bool
    charset: str
    application: WSGIApplication
    files: dict[str, StaticFile | Redirect]
    directories: list[tuple[str, str]]
    def __init__(
        self,
        application: WSGIApplication,
        root: str | None = ...,
        prefix: str | None = ...,
        *,
        autorefresh: bool = ...,
        max_age: int | None = ...,
        allow_all_origins: bool = ...,
        charset: str = ...,
        mimetypes: dict[str, str] | None = ...,
        add_headers_function: Callable[[Headers, str, str], None] | None = ...,
        index_file: str | bool | None = ...,
        immutable_file_test: Callable[[str, str], bool] | str | None = ...,
    ) -> None: ...
    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]: ...
    def serve(  # a static method
        self,
        static_file: Any,  # what has StaticFile's get_response
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]: ...
    def add_files(self, root: str, prefix: str | None = ...) -> None: ...
    def find_file(self, url: str) -> StaticFile | Redirect | None: ...
    def candidate_paths_for_url(self, url: str) -> Iterable[str]: ...
    def immutable_file_test(self, path: str, url: str) -> bool: ...
