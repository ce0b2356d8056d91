"""The page "API" of Django's admin: the routes of the project, for all staff to read."""

import bisect
from collections.abc import Iterator
from typing import Any

from apistar.document import Section
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from django_apistar.application import App, get_app, get_route_table
from django_apistar.compat.path_template import to_uri_template
from django_apistar.conf.problems import SettingsError
from django_apistar.management.rows import Row, build_rows, summarize
from django_apistar.routes.entries import Framework
from django_apistar.routes.reverse import NoReverseMatch

# The path below the site's: an app's label, which no other app of the project can have.
LABEL = 'django_apistar'
FRAMEWORKS = {'apistar': 'API Star', 'django': 'Django'}


def add_page(site: AdminSite) -> None:
    """Give *site* the page, before the URLconf reads `site.urls`. The default site has it."""
    if not isinstance(getattr(site.get_urls, '__self__', None), APIPage):
        APIPage(site)


class APIPage:
    """The page of one admin site. There is no model: it adds to the site's URLs and its list."""

    def __init__(self, site: AdminSite) -> None:
        self.site = site
        self._get_urls, self._get_app_list = site.get_urls, site.get_app_list
        site.get_urls = self.get_urls  # type: ignore[method-assign]  # of this site alone
        site.get_app_list = self.get_app_list  # type: ignore[method-assign]  # as well

    def get_urls(self) -> list[URLResolver | URLPattern]:
        own = path(f'{LABEL}/', self.site.admin_view(self.view), name=LABEL)
        return [own, *self._get_urls()]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the site's list, with the page for those who may use the site."""
        apps: list[Any] = [*self._get_app_list(request, app_label)]
        if app_label is None and self.site.has_permission(request):
            bisect.insort(apps, self._build_app(), key=lambda app: str(app['name']).lower())
        return apps

    def _build_app(self) -> dict[str, Any]:
        """Return the page as the admin describes an app with one model."""
        url = reverse(f'admin:{LABEL}', current_app=self.site.name)
        perms = {'add': False, 'change': False, 'delete': False, 'view': True}
        routes = {
            'model': None, 'name': 'Routes', 'object_name': 'Route', 'perms': perms,
            'admin_url': url, 'add_url': None, 'view_only': True,
        }  # fmt: skip
        return {
            'name': 'API', 'app_label': LABEL, 'app_url': url, 'has_module_perms': True,
            'models': [routes],
        }  # fmt: skip

    def view(self, request: HttpRequest) -> HttpResponse:
        context = self.site.each_context(request)
        tokens = _find_tokens_url(context['available_apps'])
        context |= {'title': 'API', 'tokens_url': tokens}
        try:
            context |= _describe(request.GET.get('framework', 'apistar'), request.GET.get('q', ''))
        except SettingsError as exc:  # where Django runs without us
            context['problem'] = str(exc)
        request.current_app = self.site.name
        return TemplateResponse(request, f'admin/{LABEL}/routes.html', context)


def _describe(framework: str, text: str) -> dict[str, Any]:
    """Return what the template shows of the routes of *framework* ('': of both) with *text*."""
    app = get_app()
    every = build_rows(get_route_table(), app)
    docs_url = _find_docs_url()
    anchors = dict(_iter_anchors(app)) if docs_url and app.docs_ui == 'apistar' else {}
    found = [row for row in every if framework in ('', row.framework) and _has(row, text)]
    return {
        'routes': [(row, anchors.get((row.methods[:1], to_uri_template(row.path))))
                   if row.framework == Framework.APISTAR.value else (row, None)
                   for row in found],
        'frameworks': [
            *((key, title, sum(row.framework == key for row in every))
              for key, title in FRAMEWORKS.items()),
            ('', 'Both', len(every)),
        ],
        'framework': framework, 'text': text, 'docs_url': docs_url, 'summary': summarize(every),
    }  # fmt: skip


def _has(row: Row, text: str) -> bool:
    """Whether the path, name or handler of *row* has *text*, in any case."""
    return any(text.lower() in cell.lower() for cell in (row.path, row.name, row.handler))


def _find_docs_url() -> str | None:
    try:
        return get_route_table().reverse('serve_documentation')
    except NoReverseMatch:  # DOCS_URL is None
        return None


def _iter_anchors(app: App) -> Iterator[tuple[tuple[tuple[str, ...], str], str]]:
    """Yield ((method,), path) and the anchor on the documentation page of each route in it."""
    for item in app.document.content:
        prefix = f'{item.name}-' if isinstance(item, Section) else ''
        for link in item.get_links() if isinstance(item, Section) else [item]:
            yield ((link.method,), link.url), f'{prefix}{link.name}'


def _find_tokens_url(apps: list[Any]) -> str | None:
    """Return the URL of the tokens' list, None where it is not there or not for this user."""
    for app in apps:
        for model in app['models']:
            # A project may have an app of this label, or more models in ours.
            if (app['app_label'], model['object_name']) == ('authentication', 'Token'):
                url: str | None = model.get('admin_url')
                return url
    return None


add_page(admin.site)
