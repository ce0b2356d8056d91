"""Parts of static files, as RFC 9110, section 14, has them.

WhiteNoise 6.12 answers a range of one byte, and the last byte of a file, with 416, and reads no
`If-Range`: a client that resumes a download would join two versions of a file.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from wsgiref.headers import Headers

from werkzeug.http import is_resource_modified, parse_range_header
from whitenoise.responders import Redirect, Response, SlicedFile, StaticFile

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import Range


class PartialFile:
    """A static file, for one request that asks for a part of it."""

    def __init__(self, whole: StaticFile | Redirect) -> None:
        self._whole = whole

    def get_response(self, method: str, environ: WSGIEnvironment) -> Response:
        """Return the part, the whole where `Range` does not count, or 416 beyond the end."""
        found = self._whole.get_response(method, {**environ, 'HTTP_RANGE': ''})
        headers = Headers([*found.headers])
        asked = _read_range(environ, headers) if found.status == HTTPStatus.OK else None
        if asked is None:
            return found
        size = int(headers['Content-Length'] or 0)
        begin, end = asked.ranges[0]
        first = max(begin + size, 0) if begin < 0 else begin
        last = min(size if end is None else end, size) - 1
        if first > last:
            if found.file:
                found.file.close()
            headers['Content-Range'] = f'bytes */{size}'
            headers['Content-Length'] = '0'
            return Response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers.items(), None)
        headers['Content-Range'] = f'bytes {first}-{last}/{size}'
        headers['Content-Length'] = str(last - first + 1)
        file = SlicedFile(found.file, first, last) if found.file else None
        return Response(HTTPStatus.PARTIAL_CONTENT, headers.items(), file)


def _read_range(environ: WSGIEnvironment, headers: Headers) -> Range | None:
    """Return the one range of bytes that a client asks for, None where the whole is the answer."""
    asked = parse_range_header(environ['HTTP_RANGE'])
    if asked is None or asked.units != 'bytes' or len(asked.ranges) != 1:
        return None
    has_older_version = 'HTTP_IF_RANGE' in environ and is_resource_modified(
        environ, headers['ETag'], last_modified=headers['Last-Modified'], ignore_if_range=False
    )
    return None if has_older_version else asked
