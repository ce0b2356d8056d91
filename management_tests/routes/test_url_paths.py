"""How the paths of Django's URLs begin, and below which prefixes they can lie."""

from typing import Any

import pytest
from django.test import override_settings
from django.urls import LocalePrefixPattern, include, path, re_path
from django.utils import translation

from django_apistar.routes.entries import walk_django
from django_apistar.routes.url_paths import find_language, find_languages

pytestmark = pytest.mark.once

PREFIXES = ('/a/', '/ab/', '/b/', '/a/1/')


def view(request: Any) -> None:
    """Never called."""


# The patterns; the literal beginning; 'whole' if it is the whole path, 'any' if all paths with it
# match; of PREFIXES, those that a path can have; and those of which all paths have more segments.
URLS = [
    (path('', view), '/', 'whole', (), ()),
    (path('a/', view), '/a/', 'whole', ('/a/',), ()),
    (path('a/<int:x>/b', view), '/a/', '', ('/a/', '/a/1/'), ('/a/', '/ab/', '/b/', '/a/1/')),
    (path('<str:x>/', view), '/', '', ('/a/', '/ab/', '/b/'), ()),
    (path('a<x>', view), '/a', '', ('/ab/',), ()),
    (path('a.b/', view), '/a.b/', 'whole', (), ()),
    (re_path(r'^$', view), '/', 'whole', (), ()),
    (re_path(r'^a/$', view), '/a/', 'whole', ('/a/',), ()),
    (re_path(r'a/', view), '/a/', 'whole', ('/a/',), ()),
    (re_path(r'\Aa/\Z', view), '/a/', 'whole', ('/a/',), ()),
    (re_path(r'^a\$', view), '/a$', 'whole', (), ()),
    (re_path(r'^a/(?P<x>.*)$', view), '/a/', '', ('/a/', '/a/1/'), ('/a/', '/ab/', '/b/')),
    (re_path(r'^.*$', view), '/', 'any', PREFIXES, ()),
    (re_path(r'.*', view), '/', 'any', PREFIXES, ()),
    (re_path(r'^(.*)$', view), '/', 'any', PREFIXES, ()),
    (re_path(r'^(?P<x>.*)$', view), '/', 'any', PREFIXES, ()),
    (re_path(r'^(?:.*)', view), '/', '', PREFIXES, ()),
    (re_path(r'^a.b/$', view), '/a', '', (), ()),
    (re_path(r'^ab*/$', view), '/a', '', ('/a/', '/ab/'), ()),
    (re_path(r'^ab?/$', view), '/a', '', ('/a/', '/ab/'), ()),
    (re_path(r'^ab+/$', view), '/ab', '', ('/ab/',), ()),
    (re_path(r'^ab{2}/$', view), '/a', '', (), ()),
    (re_path(r'^a[bc]/$', view), '/a', '', ('/ab/',), ()),
    (re_path(r'^a[/c]/$', view), '/a', '', (), ()),
    (re_path(r'^a\d/$', view), '/a', '', (), ()),
    (re_path(r'^a\.b/$', view), '/a.b/', 'whole', (), ()),
    (re_path(r'^a\/b$', view), '/a/b', 'whole', ('/a/',), ('/a/', '/ab/', '/b/')),
    (re_path(r'^a|b$', view), '/', '', ('/a/', '/b/', '/a/1/'), ()),
    (re_path(r'^(a|b)/$', view), '/', '', ('/a/', '/b/'), ()),
    (re_path(r'^(a/1|b)/$', view), '/', '', ('/b/',), ()),
    (re_path(r'^a/.+$', view), '/a/', '', ('/a/', '/a/1/'), ('/a/', '/ab/', '/b/')),
    (re_path(r'^.*/$', view), '/', '', ('/a/', '/ab/', '/b/'), ()),
    (path('a/', include([re_path(r'^.*$', view)])), '/a/', 'any', ('/a/', '/a/1/'),
     ('/a/', '/ab/', '/b/')),
    (path('a/', include([path('<int:y>/', view)])), '/a/', '', ('/a/', '/a/1/'),
     ('/a/', '/ab/', '/b/')),
    (re_path(r'^(?P<z>\w+)/', include([path('b/', view)])), '/', '', ('/a/', '/ab/', '/b/'),
     ('/a/', '/ab/', '/b/')),
    (re_path(r'^(?P<z>\w+)/', include([re_path('^.*$', view)])), '/', '', PREFIXES,
     ('/a/', '/ab/', '/b/')),
]  # fmt: skip


@pytest.mark.parametrize(('pattern', 'head', 'what', 'below', 'deeper'), URLS, ids=str)
def test_beginnings_of_a_url(pattern: Any, head: str, what: str, below: Any, deeper: Any) -> None:
    """`url_paths`"""
    [entry] = walk_django([pattern])
    found = entry.url_path

    assert (found.head, found.is_whole, found.takes_anything) == (
        head, what == 'whole', what == 'any'
    )  # fmt: skip
    assert tuple(prefix for prefix in PREFIXES if found.may_begin_with(prefix)) == below
    assert tuple(prefix for prefix in PREFIXES if found.is_deeper_than(prefix)) == deeper


BY_PATH = [
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.middleware.locale.LocaleMiddleware',
]


@pytest.mark.parametrize(
    ('path_info', 'settings', 'language'),
    [
        ('/de/a/', {'MIDDLEWARE': BY_PATH}, 'de'), ('/xx/a/', {'MIDDLEWARE': BY_PATH}, 'en-us'),
        ('/a/', {'MIDDLEWARE': BY_PATH, 'LANGUAGE_CODE': 'fr'}, 'fr'),
        ('/de/a/', {'MIDDLEWARE': BY_PATH, 'USE_I18N': False}, 'es'),
        ('/de/a/', {'MIDDLEWARE': BY_PATH[:1]}, 'es'),
    ],
)  # fmt: skip
def test_language_of_a_path(path_info: str, settings: Any, language: str) -> None:
    given = {'LANGUAGE_CODE': 'en-us', 'USE_I18N': True, **settings}
    with override_settings(**given), translation.override('es'):
        assert find_language(path_info, None) == language


OWN = [('de', 'German'), ('en', 'English'), ('es', 'Spanish')]


@pytest.mark.parametrize(
    ('settings', 'prefixes', 'is_prefixed', 'languages'),
    [
        ({'LANGUAGES': OWN}, (), True, ['en', 'de', 'es']),
        ({'LANGUAGES': OWN}, ('/de/',), False, ['en-us', 'de', 'en', 'es']),
        ({}, (), True, ['en']), ({}, ('/nl/admin/', '/de/', '/x/'), True, ['en', 'de', 'nl']),
        ({}, ('/de/admin/',), False, ['en-us', 'de']),
        ({'LANGUAGES': OWN, 'USE_I18N': False}, ('/de/',), True, ['es']),
        ({'LANGUAGES': OWN, 'MIDDLEWARE': BY_PATH[:1]}, ('/de/',), True, ['es']),
    ],
)  # fmt: skip
def test_languages_of_translated_paths(
    settings: Any, prefixes: Any, is_prefixed: bool, languages: list[str]
) -> None:
    given = {'LANGUAGE_CODE': 'en-us', 'USE_I18N': True, 'MIDDLEWARE': BY_PATH, **settings}
    translated = LocalePrefixPattern(prefix_default_language=is_prefixed)
    with override_settings(**given), translation.override('es'):
        found = [*find_languages(translated, prefixes)]
        assert [*find_languages(path('a/', view).pattern, prefixes)] == ['es']

    assert found == languages


def test_without_a_language_that_of_the_settings_holds() -> None:
    with override_settings(LANGUAGE_CODE='fr'), translation.override(None, deactivate=True):
        translation.deactivate_all()
        assert [*find_languages(path('a/', view).pattern, ())] == ['fr']
