"""What `apistar_routes --resolve` tells of a request: the facts as data, and as lines of text."""

import dataclasses
from collections.abc import Callable, Iterator
from urllib.parse import SplitResult, unquote, urlsplit

from werkzeug.test import create_environ

from django_apistar.api.origins import PERMISSION, RATE, Call, explain_call
from django_apistar.application import App
from django_apistar.compat.signatures import get_dotted_name
from django_apistar.conf.parser import Settings
from django_apistar.dispatch.hosts import Hosts
from django_apistar.dispatch.static import find_file
from django_apistar.management.rows import as_text, shorten
from django_apistar.routes.entries import APIStarEntry, Framework
from django_apistar.routes.resolution import Resolution, is_utf8, resolve
from django_apistar.routes.table import RouteTable

STATIC_METHODS = ('GET', 'HEAD', 'OPTIONS')
SCHEMES = ('http', 'https')
FAILURES = (400, 404, 405)


class URLError(Exception):
    """Something that is neither a path nor a URL of HTTP. Says what to write instead."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What a request meets. `call` where a handler of API Star is called."""

    request: str  # 'GET /path'
    resolution: Resolution
    call: Call | None = None
    compiled: bool | None = None
    around: tuple[str, ...] = ()  # the hooks that stand around all others, the outermost first
    preflight: str = ''  # the one of them that answers a preflight; for OPTIONS alone


def find_answer(
    table: RouteTable, app: App, settings: Settings, wanted: str, method: str
) -> Answer:
    """Return what *method* for *wanted*, a path or a URL, meets. Raises URLError."""
    url = _read_url(wanted)
    request = f'{method} {url.path}'
    resolution = resolve(table, app.router, url.path, method, settings.own_pages)
    refusal = None
    if url.netloc:
        request = f'{method} {wanted}'
        refusal = _ask_host(resolution, url)
    resolution = refusal or resolution
    if resolution.location:
        mark = '?' if url.query else ''
        location = resolution.location + mark + url.query
        resolution = dataclasses.replace(resolution, location=location)
    if resolution.framework is Framework.STATIC:
        resolution = _look_for_file(resolution, url.path, method)
    answer = Answer(request, resolution)
    if resolution.framework is Framework.APISTAR and not refusal:
        around = tuple(_name_around(app, unquote(url.path)))
        preflight = around[0] if around and method == 'OPTIONS' else ''
        answer = dataclasses.replace(answer, around=around, preflight=preflight)
    entry = resolution.entry
    if resolution.status == 200 and isinstance(entry, APIStarEntry):
        is_compiled = app.responder.is_compiled(entry.route)
        return dataclasses.replace(answer, call=explain_call(app, entry), compiled=is_compiled)
    return answer


def _name_around(app: App, path: str) -> Iterator[str]:
    for hook in app.wrappers:
        if hook.covers(path):
            yield get_dotted_name(hook if isinstance(hook, type) else type(hook))


def _read_url(wanted: str) -> SplitResult:
    if not is_utf8(wanted):
        raise URLError(f'{wanted!r} is no UTF-8. Write such a byte as %FF.')
    if wanted.startswith('/'):
        path, _, query = wanted.partition('?')
        return SplitResult('', '', path, query, '')
    try:
        url = urlsplit(wanted)
        _ = url.port
    except ValueError as exc:
        raise URLError(f'{wanted!r} is no URL: {exc}.') from None
    if url.scheme in SCHEMES and url.hostname:
        return url._replace(path=url.path or '/')
    if '://' in wanted:
        raise URLError(f'{wanted!r} is no URL of {" or ".join(SCHEMES)} with a host.')
    raise URLError(f'{wanted!r}: a path starts with a slash. Write /{wanted.lstrip("/")}.')


def _ask_host(found: Resolution, url: SplitResult) -> Resolution | None:
    """Return the refusal or redirect of a request with the host and scheme of *url*, if any.

    Only the frameworks ask for them: static files and pages of our own answer any host.
    """
    if found.framework not in (Framework.APISTAR, Framework.DJANGO):
        return None
    answered: list[tuple[int, str]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None, /
    ) -> Callable[[bytes], object]:
        answered.append((int(status[:3]), dict(headers).get('location', '')))
        return bytes

    def respond(environ: object, start: object, argument: object) -> list[bytes]:
        return []

    base = f'{url.scheme}://{url.netloc.rpartition("@")[2]}/'
    environ = create_environ(url.path, base)
    Hosts(()).screen(respond, environ)(environ, start_response, None)
    if not answered:
        return None
    [(status, location)] = answered
    rule = 'The host is not in ALLOWED_HOSTS.' if status == 400 else 'SECURE_SSL_REDIRECT is on.'
    return Resolution(found.framework, rule, status, location=location)


def _look_for_file(found: Resolution, path: str, method: str) -> Resolution:
    if not find_file(unquote(path)):
        return dataclasses.replace(found, status=404)
    if method not in STATIC_METHODS:
        return dataclasses.replace(found, status=405, allow=', '.join(STATIC_METHODS))
    return dataclasses.replace(found, status=204 if method == 'OPTIONS' else 200)


def to_data(answer: Answer) -> dict[str, object]:
    """Return *answer* as one JSON object."""
    found, call = answer.resolution, answer.call
    entry = found.entry
    return {
        'framework': found.framework.value if found.framework else None,
        'rule': found.rule, 'status': found.status,
        'route': entry.path if entry else None, 'name': entry.name if entry else None,
        'handler': entry.handler_name if entry else None,
        'source': shorten(entry.source) if entry else None,
        'parameters': {name: value if isinstance(value, (int, float)) else str(value)
                       for name, value in found.params.items()},
        'origins': call.origins if call else {},
        'around': answer.around, 'preflight': answer.preflight,
        'before': call.before if call else (), 'users': call.users if call else (),
        'permissions': call.list_demands(PERMISSION) if call else (),
        'rates': call.list_demands(RATE) if call else (),
        'transactions': call.transactions if call else (),
        'conditions': call.conditions if call else (), 'after': call.after if call else (),
        'compiled': answer.compiled, 'allow': found.allow, 'location': found.location,
        'near': [{'path': near.entry.path, 'name': near.entry.name, 'reason': near.reason}
                 for near in found.near],
    }  # fmt: skip


def to_text(answer: Answer) -> str:
    """Return *answer* in lines for people."""
    lines = [answer.request, *(f'  {name:<11} {value}' for name, value in _list_facts(answer))]
    return '\n'.join(lines)


def _list_facts(answer: Answer) -> list[tuple[str, str]]:
    found, call = answer.resolution, answer.call
    facts = [('framework', found.framework.value if found.framework else 'neither')]
    facts.append(('rule', found.rule))
    if found.entry:
        facts += [
            ('route', f'{found.entry.path}  {found.entry.name}'.rstrip()),
            ('handler', found.entry.handler_name),
            ('source', shorten(found.entry.source)),
        ]
    origins = dict(call.origins) if call else {}
    for name, value in found.params.items():
        origin = origins.pop(name, '')
        facts.append(('parameter', f'{name} = {value!r}' + (f', {origin}' if origin else '')))
    facts += [('parameter', f'{name}, {origin}') for name, origin in origins.items()]
    facts += [('around', name) for name in answer.around]
    if answer.preflight:
        facts.append(('preflight', f'answered with 200 by {answer.preflight}'))
    if call:
        facts += [*_list_steps(call), ('compiled', as_text(answer.compiled))]
    facts += [('redirect', f'{found.status} to {found.location}')] if found.location else []
    facts += [('allow', found.allow)] if found.allow else []
    facts += [
        (
            'near',
            '  '.join(filter(None, (near.entry.path, near.entry.name, _as_remark(near.reason)))),
        )
        for near in found.near
    ]
    return facts


def _list_steps(call: Call) -> list[tuple[str, str]]:
    """Return what a request passes, in order."""
    users = [('user', f'needed, by {", ".join(call.users)}')] if call.users else []
    return [
        *(('before', method) for method in call.before), *users, *call.demands,
        *(('transaction', alias) for alias in call.transactions),
        *(('conditional', condition) for condition in call.conditions),
        *(('after', method) for method in call.after),
    ]  # fmt: skip


def _as_remark(reason: str) -> str:
    return f'({reason})' if reason else ''
