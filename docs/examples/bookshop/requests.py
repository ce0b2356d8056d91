from apistar import Route, http
from apistar.server.wsgi import WSGIEnviron
from django.http import parse_cookie


def show_query(params: http.QueryParams) -> dict:
    return {'first': params.get('tag'), 'all': params.get_list('tag'), 'pairs': list(params)}


def show_one(tag: http.QueryParam, user_agent: http.Header, x_request_id: http.Header) -> dict:
    return {'tag': tag, 'user agent': user_agent, 'request id': x_request_id}


def show_headers(headers: http.Headers) -> dict:
    return {'accept': headers.get('Accept'), 'has cookie': 'Cookie' in headers}


def show_data(data: http.RequestData) -> dict:
    return {'kind': type(data).__name__, 'data': data}


def show_form(data: http.RequestData) -> dict:
    return {'title': data['title'], 'tags': data.getlist('tag')}


def show_upload(data: http.RequestData) -> dict:
    cover = data['cover']
    return {'name': cover.filename, 'type': cover.content_type, 'bytes': len(cover.read())}


def show_body(body: http.Body, method: http.Method) -> dict:
    return {'method': method, 'bytes': len(body)}


def show_client(environ: WSGIEnviron) -> dict:
    cookies = parse_cookie(environ.get('HTTP_COOKIE', ''))
    return {'address': environ['REMOTE_ADDR'], 'theme': cookies.get('theme', 'light')}


def show_url(url: http.URL, host: http.Host, scheme: http.Scheme, path: http.Path) -> dict:
    return {
        'query': url.components.query,
        'same host': host == url.components.netloc,
        'scheme': scheme,
        'path': path,
    }


routes = [
    Route('/query/', 'GET', show_query),
    Route('/one/', 'GET', show_one),
    Route('/headers/', 'GET', show_headers),
    Route('/data/', 'POST', show_data),
    Route('/form/', 'POST', show_form),
    Route('/upload/', 'POST', show_upload),
    Route('/body/', 'PUT', show_body),
    Route('/client/', 'GET', show_client),
    Route('/url/', 'GET', show_url),
]
