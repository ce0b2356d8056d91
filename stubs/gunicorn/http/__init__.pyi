from typing import Any

from gunicorn.config import Config

# An HTTP/2 connection has no `unreader`, and other methods.
def get_parser(
    cfg: Config, source: object, source_addr: object, http2_connection: bool = ...
) -> Any: ...
