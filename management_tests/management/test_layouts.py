"""The listings of `apistar_routes` for people, whole, in terminals of many widths.

`python -m management_tests.management.test_layouts` writes `layouts.json` anew: read its diff.
"""

import json
import re
from pathlib import Path

import pytest

from django_apistar.management.listing import LAYOUTS
from django_apistar.management.rows import Row

LAYOUTS_FILE = Path(__file__).with_name('layouts.json')
WIDTHS = {'table': range(22, 124, 3), 'blocks': range(34, 90, 8)}  # rich lays the tree out
PLAIN = {
    'framework': 'apistar', 'methods': ('GET',), 'path': '/', 'name': 'hello',
    'handler': 'shop.routes.hello', 'source': 'shop/routes.py:12', 'documented': True,
    'auth': 'user', 'permissions': (), 'compiled': True, 'reachable': True, 'reason': '',
    'hooks': (), 'is_vendor': False,
}  # fmt: skip
WHY = 'ALLOWED_DJANGO_ROUTES covers /web/'
HIDDEN = {'reachable': False, 'reason': WHY}
ROWS = [
    Row(**{**PLAIN, **given}) for given in (
        {'auth': 'anyone'},
        {'path': '/wares/{id}/', 'methods': ('POST', 'PUT'), 'name': 'shop:change_ware',
         'handler': 'shop.routes.with_a_rather_long_name.change_ware', 'auth': 'optional'},
        {'path': '/wares/{id}/', 'methods': ('DELETE',), 'name': 'shop:delete_ware',
         'handler': 'change(ware)', 'compiled': False, 'permissions': ('shop.delete_ware', 'b.c')},
        {'path': '/a/path/that/is/longer/than/any/other/of/them/', 'name': '', 'handler': '',
         'source': '', 'hooks': ('shop.hooks.Hook', 'shop.hooks.with_a_rather_long_name.Other')},
        {'path': '/web/', **HIDDEN}, {'path': '/web/とても長い/', 'name': '長い名前', **HIDDEN},
        {'framework': 'django', 'path': '/page/', 'name': 'page', 'compiled': None,
         'methods': ('GET', 'HEAD', 'OPTIONS', 'POST', 'TRACE', 'PATCH')},
        {'framework': 'django', 'path': '/page/deep/', 'methods': ('HEAD', 'OPTIONS', 'PATCH')},
    )
]  # fmt: skip


def draw(layout: str, width: int, number: int, has_colour: bool) -> list[str]:
    text = LAYOUTS[layout](ROWS[:number], width, has_colour)
    return re.sub('\x1b\\[([0-9;]*)m', '<\\1>', text).splitlines()


def draw_all(layout: str) -> dict[str, list[str]]:
    widths = WIDTHS[layout]
    plain = {f'{width}': draw(layout, width, len(ROWS), False) for width in widths}
    coloured = {f'{width} in colour': draw(layout, width, 6, True) for width in widths[::10]}
    return {**plain, **coloured}


@pytest.mark.parametrize('layout', WIDTHS)
def test_a_listing_in_terminals_of_many_widths(layout: str) -> None:
    """`table`, `listing`"""
    assert draw_all(layout) == json.loads(LAYOUTS_FILE.read_text())[layout]


def test_a_tree_in_colour() -> None:
    assert draw('tree', 60, 2, True) == [
        '/',
        '└── <1>apistar<0>',
        '    ├── /<2>  GET hello<0>',
        '    └── wares',
        '        └── {id}<2>  POST,PUT shop:change_ware<0>',
    ]


def test_a_tree_of_a_path_of_one_letter() -> None:
    row = Row(**{**PLAIN, 'path': '/X/', 'name': ''})

    assert LAYOUTS['tree']([row], 60, False) == '/\n└── apistar\n    └── X  GET'


def write() -> None:
    content = {layout: draw_all(layout) for layout in WIDTHS}
    LAYOUTS_FILE.write_text(json.dumps(content, indent=1, ensure_ascii=False) + '\n')


if __name__ == '__main__':
    write()
