"""The oracle of written rows: API Star's JSONResponse."""

from apistar import http, types
from django.core.serializers.json import DjangoJSONEncoder

DEFAULT = DjangoJSONEncoder().default


class Response(http.JSONResponse):
    """API Star's, with what Django's JSON knows."""

    def default(self, obj):
        return super().default(obj) if isinstance(obj, types.Type) else DEFAULT(obj)


def oracle(value):
    return Response(value).content
