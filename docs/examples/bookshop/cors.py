from apistar import http
from apistar.server.wsgi import WSGIEnviron

ORIGINS = {'https://app.example.com'}


class Cors:
    def on_request(self, environ: WSGIEnviron) -> None:
        self.origin = environ.get('HTTP_ORIGIN')
        self.is_preflight = 'HTTP_ACCESS_CONTROL_REQUEST_METHOD' in environ

    def on_response(self, response: http.Response) -> None:
        response.headers['Vary'] = 'Origin'
        if self.origin not in ORIGINS:
            return
        response.headers['Access-Control-Allow-Origin'] = self.origin
        if self.is_preflight:
            response.headers['Access-Control-Allow-Methods'] = response.headers.get('Allow', '')
            response.headers['Access-Control-Allow-Headers'] = 'Authorization, Content-Type'
            response.headers['Access-Control-Max-Age'] = '600'
