import datetime
import re
from typing import Any

DATE_REGEX: re.Pattern[str]
TIME_REGEX: re.Pattern[str]
DATETIME_REGEX: re.Pattern[str]

class BaseFormat:
    def is_native_type(self, value: object) -> bool: ...
    def validate(self, value: str) -> Any: ...
    def to_string(self, value: Any) -> str: ...

class DateFormat(BaseFormat):
    def validate(self, value: str) -> datetime.date: ...

class TimeFormat(BaseFormat):
    def validate(self, value: str) -> datetime.time: ...

class DateTimeFormat(BaseFormat):
    def validate(self, value: str) -> datetime.datetime: ...
