"""The Django app: registers the system checks, and clears caches when settings change."""

from django.apps import AppConfig
from django.conf import settings as django_settings
from django.core.checks import Tags, register
from django.core.signals import setting_changed

FINDER = 'django_apistar.dispatch.static.APIStarFinder'


class DjangoAPIStarConfig(AppConfig):
    name = 'django_apistar'
    verbose_name = 'API Star'

    def ready(self) -> None:
        from django_apistar import checks
        from django_apistar.api import encoding
        from django_apistar.compat import cookies

        cookies.repair()
        encoding.repair()
        register(checks.check_settings)
        register(checks.check_routes)
        register(checks.check_application)
        register(checks.check_deployment, Tags.security, deploy=True)
        setting_changed.connect(clear_caches)
        # collectstatic must find API Star's assets in projects that do not list our finder.
        if FINDER not in django_settings.STATICFILES_FINDERS:
            django_settings.STATICFILES_FINDERS = [*django_settings.STATICFILES_FINDERS, FINDER]


def clear_caches(setting: str, **kwargs: object) -> None:
    """Clear the caches of what is built from settings."""
    from django_apistar import application
    from django_apistar.api import body, counts
    from django_apistar.conf import parser
    from django_apistar.dispatch import dispatcher

    for cached in (
        parser.get_settings, application.get_app, application.get_route_table,
        dispatcher.get_application, body.get_limit,
    ):  # fmt: skip
        cached.cache_clear()
    if setting in ('APISTAR_SETTINGS', 'CACHES'):
        counts.get_local_counts.cache_clear()
