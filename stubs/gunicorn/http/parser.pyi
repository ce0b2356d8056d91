from typing import Any

from gunicorn.http.message import Request

class RequestParser:
    mesg_class: type[Request]
    mesg: Request | None
    unreader: Any
    req_count: int
    def finish_body(self, deadline: float | None = ..., max_bytes: int | None = ...) -> bool: ...
