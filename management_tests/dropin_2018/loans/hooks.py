from apistar import http


class CountTheAnswer:
    def on_response(self, response: http.Response):
        response.headers['X-Answer-Length'] = str(len(response.content))
