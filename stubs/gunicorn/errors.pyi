class HaltServer(BaseException):
    reason: str
    exit_status: int
    def __init__(self, reason: str, exit_status: int = ...) -> None: ...
