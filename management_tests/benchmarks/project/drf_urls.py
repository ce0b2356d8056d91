from django.urls import path
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response


@api_view(['GET'])
def hello(request: Request) -> Response:
    return Response({'message': 'Hello, world!'})


urlpatterns = [path('hello/', hello)]
