"""Views that Django answers."""

import zoneinfo
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import set_urlconf
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt

from management_tests.project.models import Note


@csrf_exempt
def echo(request: HttpRequest, **parameters: Any) -> JsonResponse:
    """Tell what arrived."""
    return JsonResponse(
        {
            'method': request.method,
            'path': request.path,
            'path_info': request.path_info,
            'query': dict(request.GET.lists()),
            'parameters': parameters,
            'body': request.body.decode(),
            'host': request.get_host(),
            'client': request.META['REMOTE_ADDR'],
            'language': translation.get_language(),
        }
    )


def boom(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError('from a Django view')


def notes(request: HttpRequest) -> JsonResponse:
    return JsonResponse([note.text for note in Note.objects.order_by('id')], safe=False)


def activate(request: HttpRequest) -> HttpResponse:
    """Leave everything behind that a view can leave."""
    translation.activate('pt-br')
    timezone.activate(zoneinfo.ZoneInfo('America/Sao_Paulo'))
    set_urlconf('management_tests.project.no_urls')
    return HttpResponse('activated')


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def chunks() -> Iterator[str]:
        yield 'one '
        yield 'two'

    return StreamingHttpResponse(chunks())


def redirect_to_api(request: HttpRequest) -> HttpResponse:
    """Answer with the status in ?status= and the path in ?to=."""
    status = int(request.GET.get('status', '302'))
    return HttpResponse(status=status, headers={'Location': request.GET['to']})


redirect_to_api = csrf_exempt(redirect_to_api)
