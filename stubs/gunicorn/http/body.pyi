from typing import Any

class LengthReader:
    length: int

class Body:
    reader: Any
