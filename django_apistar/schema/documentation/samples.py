"""A request as code that runs as it is printed: in JavaScript, Python and a shell."""

import dataclasses
import json
import pprint
import shlex
from collections.abc import Callable, Iterator
from typing import Any

JSON = 'application/json'
FORMS = ('application/x-www-form-urlencoded', 'multipart/form-data')
USERNAME, PASSWORD = 'USERNAME', 'PASSWORD'


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """One request. `credentials`: for Basic. `files`: names of the fields of `body` that are files.

    `answer`: 'json', 'text', or '' where there is none.
    """

    method: str
    url: str  # with its query
    headers: dict[str, str]
    credentials: bool
    media_type: str
    body: Any
    files: tuple[str, ...]
    answer: str

    @property
    def is_form(self) -> bool:
        return self.media_type in FORMS


def write_javascript(request: Request) -> str:
    headers = _quote_headers(request, with_media_type=not request.is_form)
    if request.credentials:
        headers.append(f'"Authorization": "Basic " + btoa("{USERNAME}:{PASSWORD}")')
    options = [f'method: "{request.method}"'] if request.method != 'GET' else []
    if headers:
        options.append('headers: {\n    ' + ',\n    '.join(headers) + '\n  }')
    if request.media_type:
        options.append('body' if request.is_form else f'body: {_write_javascript_body(request)}')
    given = ', {\n  ' + ',\n  '.join(options) + '\n}' if options else ''
    lines = [
        *(_iter_javascript_form(request) if request.is_form else ()),
        f'const response = await fetch({json.dumps(request.url)}{given});',
        'if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);',
    ]
    read = {'json': 'await response.json()', 'text': 'await response.text()'}
    lines.append(f'console.log({read.get(request.answer, "response.status")});')
    return '\n'.join(lines)


def _write_javascript_body(request: Request) -> str:
    if request.media_type != JSON:
        return json.dumps(str(request.body or ''), ensure_ascii=False)
    value = json.dumps(request.body, indent=2, ensure_ascii=False).replace('\n', '\n  ')
    return f'JSON.stringify({value})'


def _iter_javascript_form(request: Request) -> Iterator[str]:
    is_simple = request.media_type == FORMS[0]
    yield f'const body = new {"URLSearchParams" if is_simple else "FormData"}();'
    for name, value in (request.body or {}).items():
        if name in request.files:
            file = f'new Blob(["…"], {{type: "image/png"}}), "{name}.png"'
            yield f'body.append({json.dumps(name)}, {file});'
        else:
            yield f'body.append({json.dumps(name)}, {json.dumps(_to_text(value))});'


def write_python(request: Request) -> str:
    arguments = [repr(request.url), *_iter_python_arguments(request), 'timeout=10']
    call = f'response = requests.{request.method.lower()}('
    given = ', '.join(arguments)
    if len(call + given) > 70:
        given = '\n    ' + ',\n    '.join(arguments) + ',\n'
    read = {'json': 'response.json()', 'text': 'response.text'}
    return '\n'.join((
        'import requests', '', f'{call}{given})', 'response.raise_for_status()',
        f'print({read.get(request.answer, "response.status_code")})',
    ))  # fmt: skip


def _iter_python_arguments(request: Request) -> Iterator[str]:
    headers = dict(request.headers)
    if request.media_type and request.media_type != JSON and not request.is_form:
        headers['Content-Type'] = request.media_type
    if headers:
        yield f'headers={_to_python(headers)}'
    if request.credentials:
        yield f'auth=({USERNAME!r}, {PASSWORD!r})'
    if request.is_form:
        fields = {
            name: _to_text(value) for name, value in request.body.items()
            if name not in request.files
        }  # fmt: skip
        yield f'data={_to_python(fields)}'
        if request.media_type == FORMS[1]:
            files = ', '.join(f"{name!r}: open({name + '.png'!r}, 'rb')" for name in request.files)
            yield f'files={{{files}}}'
    elif request.media_type == JSON:
        yield f'json={_to_python(request.body)}'
    elif request.media_type:
        yield f'data={str(request.body or "")!r}'


def _to_python(value: object) -> str:
    return pprint.pformat(value, width=66, sort_dicts=False).replace('\n', '\n    ')


def write_curl(request: Request) -> str:
    is_told = request.method == ('POST' if request.media_type else 'GET')
    method = '' if is_told else f'-X {request.method} '
    words = [
        f'curl {method}{shlex.quote(request.url)}',
        *(
            f'-H {shlex.quote(f"{name}: {value}")}'
            for name, value in _list_headers(request, with_media_type=not request.is_form)
        ),
    ]
    if request.credentials:
        words.append(f'-u {USERNAME}:{PASSWORD}')
    words += _iter_curl_body(request)
    return ' \\\n  '.join(words)


def _iter_curl_body(request: Request) -> Iterator[str]:
    if request.is_form:
        option = '--data-urlencode' if request.media_type == FORMS[0] else '-F'
        for name, value in request.body.items():
            given = f'{name}=@{name}.png' if name in request.files else ''
            yield f'{option} {shlex.quote(given or f"{name}={_to_text(value)}")}'
    elif request.media_type == JSON:
        yield f'-d {shlex.quote(json.dumps(request.body, ensure_ascii=False))}'
    elif request.media_type:
        yield f'-d {shlex.quote(str(request.body or ""))}'


def _list_headers(request: Request, with_media_type: bool) -> list[tuple[str, str]]:
    sent = request.media_type and with_media_type
    return [*request.headers.items(), *([('Content-Type', request.media_type)] if sent else [])]


def _quote_headers(request: Request, with_media_type: bool) -> list[str]:
    headers = _list_headers(request, with_media_type)
    return [f'{json.dumps(name)}: {json.dumps(value)}' for name, value in headers]


def _to_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


WRITERS: dict[str, Callable[[Request], str]] = {
    'javascript': write_javascript,
    'python': write_python,
    'curl': write_curl,
}
