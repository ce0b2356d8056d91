from django.apps import AppConfig


class AuthenticationConfig(AppConfig):
    """The label is the original's, so that its table and its migrations are found."""

    name = 'django_apistar.authentication'
    label = 'authentication'
    verbose_name = 'API authentication'
    default_auto_field = 'django.db.models.BigAutoField'
