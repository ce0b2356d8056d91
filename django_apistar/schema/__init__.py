"""The document of the API: OpenAPI, Swagger, JSON Schema, pages; validated and compared.

Built from route entries alone, so that commands, the served document and tests get the same.
"""

from django_apistar.schema.openapi import DEFAULT_TITLE as DEFAULT_TITLE
from django_apistar.schema.openapi import Info as Info
from django_apistar.schema.openapi import Surroundings as Surroundings
from django_apistar.schema.openapi import build_json_schema as build_json_schema
from django_apistar.schema.openapi import build_openapi as build_openapi
from django_apistar.schema.project import build_app_openapi as build_app_openapi
from django_apistar.schema.project import info_of as info_of
from django_apistar.schema.project import surroundings_of as surroundings_of
from django_apistar.schema.rendering import MEDIA_TYPE as MEDIA_TYPE
from django_apistar.schema.rendering import render as render
from django_apistar.schema.rendering import render_yaml as render_yaml
from django_apistar.schema.security import security_schemes as security_schemes
from django_apistar.schema.swagger import build_swagger as build_swagger
