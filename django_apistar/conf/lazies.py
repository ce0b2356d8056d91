"""Lazy text, as Django's `gettext_lazy` and `reverse_lazy` make it."""

from django.conf import settings as django_settings
from django.urls import get_script_prefix, set_script_prefix
from django.utils import translation
from django.utils.functional import Promise


def is_lazy(value: object) -> bool:
    return isinstance(value, Promise)


def read_text(value: object) -> object:
    """Return *value*, lazy text as str in LANGUAGE_CODE. Raises what its function raises."""
    if not isinstance(value, (str, Promise)) or type(value) is str:
        return value
    with translation.override(django_settings.LANGUAGE_CODE):
        # A SafeString is its own str(), and a SimpleLazyObject says that it is a str.
        return str.__str__(str(value))


def read_path(value: object) -> object:
    """As `read_text`, for a URL: without the script prefix, as in PATH_INFO."""
    prefix = get_script_prefix()
    set_script_prefix('/')
    try:
        return read_text(value)
    finally:
        set_script_prefix(prefix)
