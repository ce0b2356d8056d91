"""What is measured: cases, and the comparisons that must hold. Data only."""

from __future__ import annotations

import dataclasses
import itertools
import json
from typing import Any

ROWS = 1000  # of each list
OURS = ('ours', 'fast')  # with the standard library's JSON, and with orjson
ALL = ('floor', 'stock', *OURS)
PROJECT = 'management_tests.benchmarks.project'
MANY_PREFIXES = ['/django/', *(f'/prefix{number}/' for number in range(1000))]


@dataclasses.dataclass(frozen=True)
class Variant:
    """A project: its route module, and what its App is given."""

    routes: str = f'{PROJECT}.routes'
    hooks: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ('/admin/', '/django/', '/ninja/', '/drf/')
    keys: tuple[tuple[str, str], ...] = ()  # of APISTAR_SETTINGS, with their values


@dataclasses.dataclass(frozen=True)
class Case:
    """One request, sent to several subjects."""

    name: str
    path: str
    method: str = 'GET'
    query: str = ''
    body: bytes = b''
    statuses: tuple[int, ...] = (200,)
    subjects: tuple[str, ...] = ALL
    variant: Variant = Variant()
    # By subject: its own path, and the body that its own declarations ask for.
    paths_of: dict[str, str] = dataclasses.field(default_factory=dict)
    bodies_of: dict[str, bytes] = dataclasses.field(default_factory=dict)
    routes: int = 0  # each request has a new path, of one of so many routes
    after: str = ''  # a case that is sent once before
    weight: int = 1  # about how many hellos it costs; less where a per cent counts
    instructions_only: bool = False
    times: int = 1  # as long a load on the wire, where little is answered in a second
    writes: bool = False  # a new device
    process: str = ''  # all subjects in one process, where a per cent counts; else one each

    def of(self, subject: str) -> Case:
        """Return the request as it is sent to *subject*."""
        path = self.paths_of.get(subject, self.path)
        return dataclasses.replace(self, path=path, body=self.bodies_of.get(subject, self.body))

    def iter_paths(self) -> Any:
        """Yield paths that have never been asked for."""
        for number in itertools.count():
            yield f'/thing{number % self.routes}/{number}/'


@dataclasses.dataclass(frozen=True)
class Comparison:
    """`reference / subject` is at least *target*; with *is_limit*, its inverse at most *target*.

    Each is (case, subject). *divisor* makes two cases comparable: so many rows, bytes.
    *without*: what is taken off the instructions of the reference and of the subject.
    """

    title: str
    reference: tuple[str, str]
    subject: tuple[str, str]
    target: float
    is_limit: bool = False
    divisor: float = 1.0
    without: tuple[tuple[str, str], tuple[str, str]] | None = None

    def list_pairs(self) -> list[tuple[str, str]]:
        """Return all that is to be measured."""
        return [self.reference, self.subject, *(self.without or ())]

    def in_order(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Return what is divided, and by what."""
        pair = (self.reference, self.subject)
        return pair[::-1] if self.is_limit else pair  # type: ignore[return-value]

    def holds(self, ratio: float) -> bool:
        return ratio <= self.target if self.is_limit else ratio >= self.target


def _encode(value: Any) -> bytes:
    return json.dumps(value).encode()


def _build_order(size: int) -> bytes:
    """Return the JSON of an order of about *size* bytes."""
    line = {'name': 'Chair', 'price': 12.5, 'quantity': 3, 'in_stock': True}
    lines = [line] * max(1, (size - 40) // (len(json.dumps(line)) + 2))
    return _encode({'customer': 'Someone', 'lines': lines})


# A server has refused a body sooner or later, after which API Star reads its validators' attributes
# more slowly: for the message it asks for their `__dict__`, which Python then keeps.
REFUSED = 'bad_body'
NEW_ITEM = {'name': 'Chair', 'price': 12.5, 'quantity': 3, 'in_stock': True}
NEW_LAMP = {'name': 'Lamp', 'price': '12.50'}
FRAMEWORKS = {'ninja': '/ninja/devices/', 'drf': '/drf/devices/'}
FRAMEWORK_TITLES = {'ninja': 'django-ninja', 'drf': 'Django REST framework'}
# By who creates a device: what does only its calls of the ORM, which are taken off.
WITHOUT = {'ours': 'orm_clean', 'fast': 'orm_clean', 'ninja': 'orm', 'drf': 'orm_of_brand'}
NEIGHBOURS = {'django': '/django/hello/', 'ninja': '/ninja/hello/', 'drf': '/drf/hello/'}

_CASES = (
    Case('hello', '/hello/', subjects=(*ALL, *NEIGHBOURS), paths_of=NEIGHBOURS),
    Case('item', '/item/42/', query='limit=20&q=chair', weight=10),
    Case('create', '/items/', 'POST', body=_encode(NEW_ITEM), after=REFUSED, weight=5),
    Case('list', '/products/', query='limit=100', weight=100),
    Case('queryset', '/queryset/', query='limit=100', weight=100),
    Case('hook', '/hello/', variant=Variant(hooks=(f'{PROJECT}.handlers.RequestTimer',)), weight=5),
    *(
        Case(f'unseen_{n}', '', routes=n, variant=Variant(f'{PROJECT}.routes_{n}'), weight=5)
        for n in (10, 100, 1000)
    ),
    Case('body_1k', '/orders/', 'POST', body=_build_order(1_000), after=REFUSED, weight=20),
    Case('body_100k', '/orders/', 'POST', body=_build_order(100_000), after=REFUSED, weight=2000),
    Case('body_1m', '/orders/', 'POST', body=_build_order(1_000_000), after=REFUSED, weight=20_000),
    Case('not_found', '/nope/', statuses=(404,), weight=2),
    Case('wrong_method', '/hello/', 'POST', statuses=(405,), weight=2),
    Case(REFUSED, '/items/', 'POST', body=_encode({'price': -1}), statuses=(400,), weight=5),
    Case('bad_query', '/item/42/', query='limit=many', statuses=(400, 404), weight=10),
    Case(
        'django', '/django/hello/', subjects=('floor', 'django', 'dispatcher'),
        process='dispatch',
    ),
    Case(
        'prefixes', '/hello/', subjects=('floor', *OURS), instructions_only=True,
        variant=Variant(prefixes=tuple(MANY_PREFIXES)),
    ),
    Case(
        'list_1000', '/products/', query='limit=1000', subjects=('floor', *OURS),
        instructions_only=True, weight=1000,
    ),
    Case(
        'devices', '/devices/', query='page=2&page_size=100&price__lt=900', weight=100, times=2,
        subjects=('floor', *OURS, *FRAMEWORKS, 'page'), paths_of=FRAMEWORKS,
    ),
    Case(
        'new_device', '/devices/', 'POST', body=_encode(NEW_LAMP | {'brand': 3}),
        bodies_of={'ninja': _encode(NEW_LAMP | {'brand_id': 3})}, paths_of=FRAMEWORKS,
        subjects=('floor', *OURS, *FRAMEWORKS, *dict.fromkeys(WITHOUT.values())),
        statuses=(200, 201), instructions_only=True, weight=20, times=2, writes=True,
    ),
)  # fmt: skip
CASES = {case.name: case for case in _CASES}

PAGE_OF_ORM = ('devices', 'page')  # counted, but compared with nothing
# What API Star costs with our adjustments is shown for these.
ADJUSTED = ('hello', 'item', 'create', 'list', 'hook', 'unseen_100', 'body_100k', REFUSED)

REQUEST_ID = ('REQUEST_ID_HEADER', 'X-Request-ID')
METRICS = ('METRICS_URL', '/metrics/')
# By title: what hello is asked with, for what it costs to observe a request.
OBSERVED = {
    'nothing, once more': (), 'REQUEST_ID_HEADER': (REQUEST_ID,), 'METRICS_URL': (METRICS,),
    'both': (REQUEST_ID, METRICS),
}  # fmt: skip
MOST_OBSERVED_S = 15e-6  # that both may cost

TITLES = {
    'hello': 'hello, JSON dict',
    'item': 'path int and two query parameters',
    'create': 'JSON body into a Type and back',
    'list': '100 rows from SQLite through Types',
    'queryset': 'the same list, a QuerySet returned',
    'hook': 'hello with a hook class',
    'unseen_10': 'unseen paths, 10 routes',
    'unseen_100': 'unseen paths, 100 routes',
    'unseen_1000': 'unseen paths, 1,000 routes',
    'body_1k': 'typed body, 1 kB',
    'body_100k': 'typed body, 100 kB',
    'body_1m': 'typed body, 1 MB',
    'not_found': '404',
    'wrong_method': '405',
    'bad_body': 'validation error in the body',
    'bad_query': 'validation error in the query',
}

_AGAINST_STOCK = {  # by case: with the standard library's JSON, with orjson
    'hello': (4, 6), 'item': (18, 24), 'create': (7, 13), 'list': (2.5, 3), 'queryset': (5, 6),
    'hook': (20, None), 'unseen_10': (15, None), 'unseen_100': (15, None),
    'unseen_1000': (15, None), 'body_1k': (10, None), 'body_100k': (10, None),
    'body_1m': (10, None), 'not_found': (1, None), 'wrong_method': (1, None),
    'bad_body': (1, None), 'bad_query': (1, None),
}  # fmt: skip
_AGAINST_NEIGHBOURS = {
    'django': ('Django, default middleware', 40), 'ninja': ('django-ninja', 45),
    'drf': ('Django REST framework', 70),
}  # fmt: skip

COMPARISONS = (
    *(
        Comparison(TITLES[case], (case, 'stock'), (case, subject), target)
        for case, targets in _AGAINST_STOCK.items()
        for subject, target in zip(OURS, targets, strict=True)
        if target
    ),
    *(
        Comparison(f'hello against {title}', ('hello', neighbour), ('hello', 'ours'), target)
        for neighbour, (title, target) in _AGAINST_NEIGHBOURS.items()
    ),
    *(
        Comparison(
            f'a page of 100 joined rows, filtered, against {title}',
            ('devices', neighbour), ('devices', subject), 4,
        )
        for neighbour, title in FRAMEWORK_TITLES.items()
        for subject in OURS
    ),
    *(
        Comparison(
            f'a row created, without the ORM, against {title}',
            ('new_device', neighbour), ('new_device', subject), 5,
            without=(('new_device', WITHOUT[neighbour]), ('new_device', WITHOUT[subject])),
        )
        for neighbour, title in FRAMEWORK_TITLES.items()
        for subject in OURS
    ),
    Comparison(
        # Safety costs 6 in a thousand: docs/explanation/performance.md, "A Django request".
        'a Django request, dispatched / Django alone',
        ('django', 'django'), ('django', 'dispatcher'), 1.02, is_limit=True,
    ),
    Comparison(
        'hello with 1,000 Django prefixes / with 4',
        ('hello', 'ours'), ('prefixes', 'ours'), 1.01, is_limit=True,
    ),
    Comparison(
        'unseen paths, 1,000 routes / 10 routes',
        ('unseen_10', 'ours'), ('unseen_1000', 'ours'), 1.5, is_limit=True,
    ),
    Comparison(
        'a row of 1,000 / a row of 100',
        ('list', 'ours'), ('list_1000', 'ours'), 1.05, is_limit=True, divisor=10,
    ),
    Comparison(
        'a byte of 1 MB / a byte of 100 kB',
        ('body_100k', 'ours'), ('body_1m', 'ours'), 1.05, is_limit=True, divisor=10,
    ),
)  # fmt: skip
