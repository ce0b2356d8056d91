"""The dispatcher's own pages, which answer before either framework: HEALTH_URL and its like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_apistar.api import responses
from django_apistar.conf.parser import Settings
from django_apistar.dispatch.readiness import Readiness

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from django_apistar.dispatch.metrics import Metrics


def build_pages(settings: Settings) -> dict[str, WSGIApplication]:
    """Return each page by its PATH_INFO."""
    pages: dict[str, WSGIApplication] = {}
    if settings.health_url:
        pages[settings.health_url] = answer_health
    if settings.ready_url:
        pages[settings.ready_url] = Readiness().answer
    if settings.metrics_url:
        pages[settings.metrics_url] = load_metrics().answer
    return pages


def load_metrics() -> Metrics:
    """Return this process's metrics. Their library is imported only where they are wanted."""
    from django_apistar.dispatch.metrics import get_metrics

    return get_metrics()


def answer_health(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Tell a load balancer that this process serves requests."""
    return responses.send_json(start_response, '200 OK', b'"OK"')
