"""Values that are text in JSON, in one form each."""

import datetime
import re
import uuid

from django.utils.dateparse import parse_duration
from django.utils.duration import duration_iso_string

from django_apistar.service.validator import Dialect, Schema, Source, ValueValidator

_UUID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}', re.ASCII | re.IGNORECASE)
# A timedelta has no months. Of so many digits each column of a database holds the sum.
_DURATION = r'^-?P([0-9]{1,8}D)?(T([0-9]{1,8}H)?([0-9]{1,8}M)?([0-9]{1,8}(\.[0-9]{1,6})?S)?)?$'
_LONGEST_DURATION = 64  # characters; the longest that Python has takes half of them


class UUID(ValueValidator):
    """A UUID, in JSON as RFC 9562 writes it."""

    errors = {
        **ValueValidator.errors,
        'type': 'Must be a string.',
        'format': 'Must be a valid UUID.',
    }

    def read(self, value: object) -> uuid.UUID:
        if isinstance(value, uuid.UUID):
            return value
        if not isinstance(value, str):
            self.error('type')
        if _UUID.fullmatch(value) is None:
            self.error('format')
        return uuid.UUID(value)

    native = uuid.UUID

    def write_check(self, source: Source, item: str) -> tuple[str, str]:
        is_text, cls = source.const(_UUID.fullmatch, 'is_uuid'), source.const(uuid.UUID, 'UUID')
        conversion = f'if type({item}) is str and {is_text}({item}): {item} = {cls}({item})'
        return conversion, f'type({item}) is not {cls}'

    def write_text(self, source: Source, item: str, *, is_checked: bool) -> str:
        return f'str({item})'

    def build_schema(self, dialect: Dialect) -> Schema:
        return {'type': 'string', 'format': 'uuid'}


class Duration(ValueValidator):
    """A timedelta, in JSON as Django's encoder writes it; reads what `parse_duration` reads."""

    errors = {
        **ValueValidator.errors,
        'type': 'Must be a string.',
        'format': 'Must be a valid duration.',
    }

    def read(self, value: object) -> datetime.timedelta:
        if isinstance(value, datetime.timedelta):
            return value
        if not isinstance(value, str):
            self.error('type')
        duration = _parse_duration(value)
        if duration is None:
            self.error('format')
        return duration

    native = datetime.timedelta

    def write_check(self, source: Source, item: str) -> tuple[str, str]:
        return '', f'type({item}) is not {source.const(datetime.timedelta, "timedelta")}'

    def write_text(self, source: Source, item: str, *, is_checked: bool) -> str:
        return f'{source.const(duration_iso_string, "duration_iso_string")}({item})'

    def build_schema(self, dialect: Dialect) -> Schema:
        return {'type': 'string', 'format': 'duration', 'pattern': _DURATION}

    def to_json(self, value: datetime.timedelta) -> str:
        return duration_iso_string(value)


def _parse_duration(text: str) -> datetime.timedelta | None:
    # Django takes '' and 'P' for zero.
    if len(text) > _LONGEST_DURATION or not any(map(str.isdigit, text)):
        return None
    try:
        return parse_duration(text)
    except (OverflowError, ValueError):  # more days than Python has
        return None
