"""What `django_apistar` uses of API Star 0.5.42, which ships no types.

An attribute that is not here is a mistake to mypy: add it when the package begins to use it, as
API Star's source has it. `Any` stands for what a user's handler, component or Type decides.
"""

from apistar import http as http
from apistar import types as types
from apistar import validators as validators
from apistar.document import Document as Document
from apistar.document import Field as Field
from apistar.document import Link as Link
from apistar.document import Section as Section
from apistar.server.app import App as App
from apistar.server.components import Component as Component
from apistar.server.core import Include as Include
from apistar.server.core import Route as Route
from apistar.test import TestClient as TestClient

__version__: str
