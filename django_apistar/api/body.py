"""Reads request bodies, within limits of their size, depth and number of fields."""

from __future__ import annotations

import functools
import gc
import json
import re
from array import array
from collections.abc import Callable, Mapping
from io import BytesIO
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any

from apistar import codecs, exceptions
from django.conf import settings as django_settings
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from django_apistar.api.client_timeouts import SlowBodyError
from django_apistar.api.floats import Floats, read_finite

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, WSGIEnvironment
    from werkzeug.datastructures import FileStorage

Read = Callable[[bytes], Any]
settings: Any = django_settings  # None switches a limit off, which stubs do not know
MAX_DEPTH = 256  # of JSON: deeper is an attack on recursive readers
MAX_PART_HEAD = 1024  # bytes of a form's part before its content, as in Django
_UNREADABLE = 'Request body cannot be read'
_CHUNK = 64 * 1024
_PART = 64  # brackets counted together
_SMALL = 16 * 1024  # bytes of JSON: most have fewer brackets than MAX_DEPTH
_LARGE = 64 * 1024  # bytes of JSON: read once, even if invalid, and without the garbage collector
# The usual Content-Lengths: to parse one takes 5 % of the instructions of a small POST.
_LENGTHS = {str(length): length for length in range(1024)}
_ALL_LISTS = bytes.maketrans(b'{}', b'[]')
_NO_STRUCTURE = bytes(code for code in range(256) if code not in b'[]{}"')
_STEPS = bytes.maketrans(b'[]', bytes([1, 255]))  # 255 is -1 in an array('b')
# Every digit and + as 0, and every E as e: a far faster search than by a pattern. As text: `in`
# asks bytes first whether the other is a number, by an exception.
_DIGITS_AS_0 = bytes.maketrans(b'123456789+E', b'0000000000e')
_LONG_INTEGER = '0' * 19  # of which orjson may make a float
# A number may be infinite that has an exponent of three digits, or as many before its point as an
# exponent of two leaves: 210. Fewer are found faster.
_LONG_NUMBER = '0' * 32
_LINE_END = re.compile(rb'[ \t]*(?:\r\n|\r|\n)')
_BLANK_LINE = re.compile(rb'\r\n\r\n|\r\r|\n\n')  # as Werkzeug looks for it
_LONE_SURROGATE = re.compile(
    rb'\\u[dD](?:[89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F])'
)


class PayloadTooLarge(exceptions.HTTPException):
    """413: RFC 9110, section 15.5.14."""

    default_status_code = 413
    default_detail = 'Request body is too large'


def read_body(environ: WSGIEnvironment) -> bytes:
    """Return the request's whole body.

    Raises PayloadTooLarge beyond DATA_UPLOAD_MAX_MEMORY_SIZE bytes, before reading where the
    length is known, and BadRequest where the body is not what Content-Length says.
    """
    length = environ.get('CONTENT_LENGTH')
    if not length:
        return _read_to_the_end(environ['wsgi.input']) if _is_ended(environ) else b''
    expected = _LENGTHS.get(length)
    if expected is None:
        expected = _parse_length(length)
    limit = get_limit()
    if limit is not None and expected > limit:
        raise PayloadTooLarge()
    if not expected:
        return b''
    stream = environ['wsgi.input']
    try:
        body: bytes = stream.read(expected)
    except SlowBodyError:
        raise
    except Exception as exc:  # Each server raises its own for a body that is not valid HTTP.
        raise exceptions.BadRequest(_UNREADABLE) from exc
    return body if len(body) == expected else _read_rest(stream, body, expected)


def _read_rest(stream: InputStream, body: bytes, expected: int) -> bytes:
    chunks = [body]
    missing = expected - len(body)
    while missing > 0:
        chunk = _read(stream, missing)
        if not chunk:
            raise exceptions.BadRequest('Request body is shorter than its Content-Length')
        chunks.append(chunk)
        missing -= len(chunk)
    return b''.join(chunks)


def _is_ended(environ: WSGIEnvironment) -> bool:
    """Return whether the server ends the input itself, as for a chunked body."""
    return bool(environ.get('wsgi.input_terminated'))


def _parse_length(length: str) -> int:
    if not (length.isascii() and length.isdecimal()):
        raise exceptions.BadRequest('Invalid Content-Length header')
    return int(length) if len(length) < 20 else 10**20


@functools.cache
def get_limit() -> int | None:
    """Return DATA_UPLOAD_MAX_MEMORY_SIZE. Kept, as Django looks settings up slowly."""
    limit: int | None = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return limit


def _read_to_the_end(stream: InputStream) -> bytes:
    limit = get_limit()
    chunks: list[bytes] = []
    size = 0
    while chunk := _read(stream, _CHUNK):
        size += len(chunk)
        if limit is not None and size > limit:
            raise PayloadTooLarge()
        chunks.append(chunk)
    return b''.join(chunks)


def _read(stream: InputStream, size: int) -> bytes:
    try:
        data: bytes = stream.read(size)
    except SlowBodyError:
        raise
    except Exception as exc:  # as above
        raise exceptions.BadRequest(_UNREADABLE) from exc
    return data


class JSONCodec(codecs.JSONCodec):
    """API Star's codec, which also refuses invalid JSON and what would exhaust us.

    NaN and Infinity (RFC 8259, section 6), lone surrogates (section 8.2), and nesting deeper
    than MAX_DEPTH. Objects are dicts: an OrderedDict takes three times as long to make.
    """

    def __init__(self, loads: Read | None = None) -> None:
        """*loads* is orjson's: it reads documents that it reads as the standard library does."""
        options: dict[str, Any] = {'parse_constant': _refuse_constant}
        self._usual = json.JSONDecoder(**options)
        self._careful = json.JSONDecoder(**options, parse_float=read_finite)
        if loads is not None:
            self.read = _build_orjson_reader(loads, self._decode_carefully)
        else:
            usual: Any = self._usual  # No stub knows its scanner.
            self.read = _build_reader(usual.scan_once, self._decode_carefully)

    def decode(self, bytestring: bytes, **options: object) -> Any:
        """Return the data of *bytestring*. Raises ParseError."""
        return self.read(bytestring)

    def _decode_carefully(self, bytestring: bytes) -> Any:
        """Return the data of *bytestring*, which is not too deep. Raises ParseError."""
        digits = bytestring.translate(_DIGITS_AS_0).decode('latin-1')
        try:
            data = self._choose_decoder(digits).decode(bytestring.decode('utf-8'))
        except ValueError as exc:
            raise exceptions.ParseError(f'Malformed JSON. {exc}') from None
        # To look for one character is faster than for two.
        if '\\' in digits and '\\u' in digits and _has_lone_surrogate(bytestring):
            raise exceptions.ParseError('Malformed JSON. Lone surrogate in a string')
        return data

    def _choose_decoder(self, digits: str) -> json.JSONDecoder:
        """Return the fastest that a document of these *digits* may have."""
        if 'e-000' in digits:  # numbers below the least float, whose memory is the document's own
            read_float = Floats().__getitem__
            return json.JSONDecoder(parse_constant=_refuse_constant, parse_float=read_float)
        may_be_infinite = 'e000' in digits or _LONG_NUMBER in digits
        return self._careful if may_be_infinite else self._usual


def _build_reader(scan_once: Any, read_carefully: Read) -> Read:
    """Return a function that reads JSON with the standard library's scanner.

    It leaves documents to *read_carefully* that may hold an infinite number or a lone surrogate,
    are invalid, or have space around them.
    """

    def read(document: bytes) -> Any:
        if len(document) > MAX_DEPTH:  # Each level takes a byte.
            if len(document) > _LARGE and gc.isenabled():
                return _read_uncollected(read, document)
            _check_depth(document)
            if len(document) > _LARGE:  # To read it twice could take too long.
                return read_carefully(document)
        digits = document.translate(_DIGITS_AS_0).decode('latin-1')
        has_escape = '\\' in digits  # as in `_decode_carefully`
        if (has_escape and '\\u' in digits) or 'e000' in digits or _LONG_NUMBER in digits:
            return read_carefully(document)
        try:
            text = document.decode()
            data, end = scan_once(text, 0)
            if end == len(text):
                return data
        except (ValueError, StopIteration):
            pass
        return read_carefully(document)

    return read


def _build_orjson_reader(loads: Read, read_carefully: Read) -> Read:
    """Return a function that reads JSON with orjson.

    It leaves documents to *read_carefully* that orjson refuses or that hold very long integers.
    """

    def read(document: bytes) -> Any:
        if len(document) > MAX_DEPTH:  # else it cannot be too deep
            if len(document) > _LARGE and gc.isenabled():
                return _read_uncollected(read, document)
            _check_depth(document)
        try:
            if _LONG_INTEGER not in document.translate(_DIGITS_AS_0).decode():
                return loads(document)
        except ValueError:
            pass
        return read_carefully(document)

    return read


def _read_uncollected(read: Read, document: bytes) -> Any:
    """Return what *read* makes of a large *document*.

    A document of many objects would wake the garbage collector hundreds of times, to look at
    all of them and find none to free, in three quarters of the time. Where several threads read,
    the first that is done has it work again, so that nobody can keep it off.
    """
    gc.disable()
    try:
        return read(document)
    finally:
        gc.enable()


def _refuse_constant(name: str) -> None:
    raise ValueError(f'{name} is not a JSON number')


def _check_depth(document: bytes) -> None:
    """Raise ParseError if *document* is deeper than MAX_DEPTH, before a decoder recurses."""
    if len(document) <= _SMALL and _count_brackets(document) <= MAX_DEPTH:
        return
    brackets = document.translate(_ALL_LISTS, _NO_STRUCTURE)
    if brackets.count(b'[') <= MAX_DEPTH:
        return
    if b'\\' in document:  # Escaped quotes end no string.
        document = document.replace(b'\\\\', b'').replace(b'\\"', b'')
        brackets = document.translate(_ALL_LISTS, _NO_STRUCTURE)
    outside = brackets.translate(None, b'"')
    if len(brackets) - len(outside) != 2 * brackets.count(b'""'):  # A string holds a bracket.
        # Most do not: their two quotes are dropped. Of the parts between the others, every second
        # one is outside of strings.
        outside = b''.join(brackets.replace(b'""', b'').split(b'"')[::2])
    if outside.count(b'[') - outside.count(b'[]') < MAX_DEPTH:  # without the innermost
        return
    if _is_too_deep(outside):
        raise exceptions.ParseError(f'Malformed JSON. More than {MAX_DEPTH} levels')


def _count_brackets(document: bytes) -> int:
    """Return how many lists and objects begin in *document*, those in strings counted.

    To drop the few brackets costs a third of translating every byte.
    """
    return len(document) - len(document.replace(b'[', b'').replace(b'{', b''))


def _is_too_deep(brackets: bytes) -> bool:
    """Return whether *brackets*, of lists alone, are deeper than MAX_DEPTH anywhere.

    Part by part: few parts can be that deep, and to count the brackets of one costs a fifth of
    walking along them.
    """
    depth = 0
    for start in range(0, len(brackets), _PART):
        part = brackets[start : start + _PART]
        opened = part.count(b'[')
        if depth + opened > MAX_DEPTH:
            steps = array('b', part.translate(_STEPS))
            if MAX_DEPTH + 1 in accumulate(steps, initial=depth):
                return True
        depth += 2 * opened - len(part)
    return False


def _has_lone_surrogate(document: bytes) -> bool:
    """Return whether a string of *document*, which is valid, holds a lone surrogate."""
    escapes = document.replace(b'\\\\', b'__')  # Each other backslash begins an escape.
    return _LONE_SURROGATE.search(escapes) is not None


class URLEncodedCodec(codecs.URLEncodedCodec):
    """API Star's codec, with Django's limit on the number of fields."""

    def decode(self, bytestring: bytes, **options: object) -> Any:
        if _exceeds(bytestring.count(b'&') + 1):
            raise exceptions.ParseError('Too many form fields')
        return super().decode(bytestring, **options)


class MultiPartCodec(codecs.MultiPartCodec):
    """API Star's codec, which also refuses a broken body and has Django's limits.

    A file's name loses its path: 'C:\\a\\b.txt' and '../b.txt' become 'b.txt'.
    """

    def decode(self, bytestring: bytes, headers: Mapping[str, str], **options: object) -> Any:
        mime_type, mime_options = parse_options_header(headers.get('content-type') or '')
        if not mime_options.get('boundary'):
            raise exceptions.ParseError('Malformed multipart form. No boundary')
        limits = [
            settings.DATA_UPLOAD_MAX_NUMBER_FIELDS,
            settings.DATA_UPLOAD_MAX_NUMBER_FILES,
        ]
        parts = None if None in limits else sum(limits)
        _check_heads(bytestring, mime_options['boundary'])
        form, files = self._parse(bytestring, mime_type, mime_options, parts)
        if _exceeds(len(form)):
            raise exceptions.ParseError('Too many form fields')
        if limits[1] is not None and len(files) > limits[1]:
            raise exceptions.ParseError('Too many files')
        for _, file in files:
            file.filename = _base_name(file.filename)
        return ImmutableMultiDict(chain(form, files))

    def _parse(
        self, body: bytes, mime_type: str, options: dict[str, str], parts: int | None
    ) -> tuple[list[tuple[str, str]], list[tuple[str, FileStorage]]]:
        parser = FormDataParser(_open_stream, silent=False, max_form_parts=parts)
        try:
            _, form, files = parser.parse(BytesIO(body), mime_type, len(body), options)
        except RequestEntityTooLarge:
            raise exceptions.ParseError('Too many form fields') from None
        except (ValueError, EOFError) as exc:
            raise exceptions.ParseError(f'Malformed multipart form. {exc}') from None
        return list(form.items(multi=True)), list(files.items(multi=True))


def _check_heads(body: bytes, boundary: str) -> None:
    """Raise ParseError for a part with a long head: Werkzeug takes a microsecond for each byte."""
    delimiter = b'--' + boundary.encode()
    start = body.find(delimiter)
    while start >= 0:
        end = start + len(delimiter)
        line = _LINE_END.match(body, end)
        if line:
            end = _find_end_of_head(body, line.end())
        start = body.find(delimiter, end)


def _find_end_of_head(body: bytes, start: int) -> int:
    limit = start + MAX_PART_HEAD
    blank_line = _BLANK_LINE.search(body, start, limit)
    if blank_line is None and len(body) > limit:
        raise exceptions.ParseError(
            f'Malformed multipart form. More than {MAX_PART_HEAD} bytes of headers'
        )
    return blank_line.end() if blank_line else len(body)


def _open_stream(*args: object, **kwargs: object) -> BytesIO:
    """Keep files in memory, where the whole body is already: nothing closes Werkzeug's files."""
    return BytesIO()


def _exceeds(fields: int) -> bool:
    limit = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    return bool(limit is not None and fields > limit)


def _base_name(filename: str | None) -> str | None:
    return filename and re.split(r'[\\/]', filename)[-1]
