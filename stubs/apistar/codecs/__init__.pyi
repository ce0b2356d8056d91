from collections.abc import Callable
from typing import Any, ClassVar

class BaseCodec:
    media_type: ClassVar[str]
    decode: Callable[..., Any]  # of bytes, and of what else the codec wants
    def encode(self, item: Any, **options: Any) -> bytes: ...

class JSONCodec(BaseCodec):
    format: ClassVar[str]

class URLEncodedCodec(BaseCodec): ...
class MultiPartCodec(BaseCodec): ...
