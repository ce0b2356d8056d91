"""The settings of the project, parsed once."""

from django_apistar.conf.parser import Settings, find_problems, get_settings
from django_apistar.conf.problems import Problem, SettingsError

__all__ = ['Problem', 'Settings', 'SettingsError', 'find_problems', 'get_settings']
