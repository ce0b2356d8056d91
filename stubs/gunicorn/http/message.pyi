from typing import Any

from gunicorn.http.body import Body

class Request:
    version: tuple[int, int]
    method: str
    body: Body
    peer_addr: tuple[str, int] | str
    def parse(self, unreader: Any) -> bytes: ...
    must_close: bool
    unreader: Any
    _expected_100_continue: bool
    def set_body_reader(self) -> None: ...
    def should_close(self) -> bool: ...
    def _peer_is_trusted_proxy(self) -> bool: ...
