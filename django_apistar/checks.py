"""System checks: the problems of conf and routing, with Django's words for them."""

from typing import Any

from django.core import checks

from django_apistar import wiring
from django_apistar.application import get_app, get_route_table
from django_apistar.conf import Problem, SettingsError, find_problems


def check_settings(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Report every mistake in the settings and the route module."""
    return [_to_message(problem) for problem in find_problems()]


def check_routes(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Report every clash between the routes of both frameworks, and what can never be called."""
    try:
        problems = [*get_route_table().conflicts(), *wiring.find_problems(get_app())]
    except SettingsError:
        return []  # check_settings reports them.
    return [_to_message(problem) for problem in problems]


def _to_message(problem: Problem) -> checks.CheckMessage:
    message_class = checks.Error if problem.is_error else checks.Warning
    return message_class(problem.message, hint=problem.hint, id=f'django_apistar.{problem.id}')
