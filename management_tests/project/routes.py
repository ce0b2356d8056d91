from apistar import Include, Route

from django_apistar.authentication import routes as authentication_routes
from management_tests.project import handlers

routes = [
    Route('/', 'GET', handlers.welcome),
    Route('/echo/', 'GET', handlers.echo),
    Route('/echo/', 'POST', handlers.echo, name='echo_post'),
    Route('/echo/', 'PUT', handlers.echo, name='echo_put'),
    Route('/echo/{name}/', 'GET', handlers.echo_name),
    Route('/echo/{name}/', 'POST', handlers.echo_name, name='echo_name_post'),
    Route('/número/{number}/', 'GET', handlers.number),
    Route('/files/{+path}', 'GET', handlers.files),
    Route('/notes/', 'GET', handlers.list_notes),
    Route('/notes/', 'POST', handlers.create_note),
    Route('/cookies/', 'GET', handlers.set_cookies),
    Route('/redirect/', 'GET', handlers.redirect),
    Route('/redirect/', 'POST', handlers.redirect, name='redirect_post'),
    Route('/activate/', 'GET', handlers.activate),
    Route('/active/', 'GET', handlers.active),
    Route('/boom/', 'GET', handlers.boom),
    Route('/exit/', 'GET', handlers.leave),
    Route('/html/', 'GET', handlers.html),
    Route('/empty/', 'GET', handlers.empty),
    Route('/stream/', 'GET', handlers.stream),
    Include('/auth', 'auth', authentication_routes),
]
