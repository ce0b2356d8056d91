class HTTP1Settings:
    keep_alive: bool
    header_read_timeout: int  # milliseconds
    def __init__(self, **options: object) -> None: ...

class HTTP2Settings:
    def __init__(self, **options: object) -> None: ...
