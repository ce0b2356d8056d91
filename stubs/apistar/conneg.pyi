from collections.abc import Sequence

from apistar.codecs import BaseCodec

def negotiate_content_type(
    codecs: Sequence[BaseCodec], content_type: str | None = ...
) -> BaseCodec: ...
