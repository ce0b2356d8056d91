from apistar.server.app import App as App
from apistar.server.components import Component as Component
from apistar.server.core import Include as Include
from apistar.server.core import Route as Route
