"""Files: an upload of a multipart form comes in, the URL of a stored file goes out."""

from collections.abc import Iterable
from fnmatch import fnmatch
from typing import Any

from apistar.exceptions import ConfigurationError
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.uploadedfile import UploadedFile
from django.db.models.fields.files import FieldFile
from werkzeug.datastructures import FileStorage

from django_apistar.service.validator import Definitions, Dialect, Schema, ValueValidator


class FileURL(str):
    """The URL of a stored file. No text of a client's is one."""


class File(ValueValidator):
    """A file of at most *max_size* bytes: Django's UploadedFile in, its URL out.

    *content_types* are those that a client may say, such as `image/png` or `image/*`. An empty file
    is refused, as by Django's forms, unless *allow_empty_file*.
    """

    is_file = True  # told by attribute: `schema` does not import this room
    errors = {
        **ValueValidator.errors,
        'type': 'Must be a file of a multipart form.',
        'empty': 'Must not be an empty file.',
        'name': 'Must have a file name.',
        'max_size': 'Must have no more than {max_size} bytes.',
        'content_types': 'Must be of one of the types {types}.',
        'url': 'Has no URL: {reason}',
    }

    def __init__(
        self,
        max_size: int | None = None,
        content_types: Iterable[str] | None = None,
        allow_empty_file: bool = False,
        **options: Any,
    ) -> None:
        _check_options(max_size, content_types)
        self.max_size = max_size
        self.content_types = None if content_types is None else tuple(content_types)
        self.allow_empty_file = allow_empty_file
        self.types = ', '.join(self.content_types or ())
        super().__init__(**options)

    def validate(
        self, value: object, definitions: Definitions = None, allow_coerce: bool = False
    ) -> Any:
        if isinstance(value, FieldFile):
            value = self._read_url(value)
        elif isinstance(value, FileStorage):
            value = self._read_upload(value)
        return super().validate(value, definitions, allow_coerce)

    def _read_url(self, file: FieldFile) -> FileURL | None:
        try:
            return FileURL(file.url) if file else None
        except (NotImplementedError, ValueError) as exc:  # a storage that gives none
            self.error('url', reason=exc)

    def _read_upload(self, file: FileStorage) -> 'UploadedFile[bytes] | None':
        """Return *file* as Django has it; None for what a browser sends where none was chosen."""
        size = file.stream.seek(0, 2)
        file.stream.seek(0)
        if not size and not file.filename:
            return None
        try:
            return UploadedFile(file.stream, file.filename, file.mimetype, size)
        except SuspiciousFileOperation:  # of '', '.' and '..'
            self.error('name')

    def read(self, value: object) -> 'UploadedFile[bytes] | FileURL':
        if isinstance(value, FileURL):
            return value
        if not isinstance(value, UploadedFile):
            self.error('type')
        if not value.size and not self.allow_empty_file:
            self.error('empty')
        if self.max_size is not None and (value.size or 0) > self.max_size:
            self.error('max_size')
        if self.content_types is not None and not self._is_welcome(value.content_type or ''):
            self.error('content_types')
        return value

    def _is_welcome(self, content_type: str) -> bool:
        given = content_type.partition(';')[0].strip().lower()
        return any(fnmatch(given, pattern.lower()) for pattern in self.content_types or ())

    def build_schema(self, dialect: Dialect) -> Schema:
        return {'type': 'string', 'format': 'uri-reference'}

    def build_upload_schema(self, dialect: Dialect) -> Schema:
        """Return the JSON Schema of the file in a form."""
        schema: Schema = {'type': 'string', 'format': 'binary'}
        if dialect.is_2020:
            schema['contentMediaType'] = 'application/octet-stream'
        return schema


def _check_options(max_size: object, content_types: object) -> None:
    if max_size is not None and (type(max_size) is not int or max_size < 1):
        raise ConfigurationError(
            f'File(max_size={max_size!r}) takes no file. Give a number of bytes above 0.'
        )
    if isinstance(content_types, str):
        raise ConfigurationError(
            f'File(content_types={content_types!r}) is one text. Write [{content_types!r}].'
        )
