"""The Django app: its label, and what it does at the start."""

from typing import Any

from django.apps import AppConfig


class AuthenticationConfig(AppConfig):
    """Has the original's label, by which Django finds its table and its migrations."""

    name = 'django_apistar.authentication'
    label = 'authentication'
    verbose_name = 'API authentication'
    default_auto_field = 'django.db.models.BigAutoField'

    def ready(self) -> None:
        from django.contrib.auth import get_user_model

        from django_apistar.authentication.models import OneToken

        user_model: Any = get_user_model()
        if not hasattr(user_model, 'auth_token'):  # else another app's tokens have that name
            user_model.auth_token = OneToken()
