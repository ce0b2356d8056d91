from apistar import http
from apistar.server.components import Component

PAGE_SIZE = 5


class Page(object):
    def __init__(self, number):
        self.start = (number - 1) * PAGE_SIZE
        self.end = self.start + PAGE_SIZE


class PageComponent(Component):
    def resolve(self, page: http.QueryParam) -> Page:
        if page is None or not page.isdigit():
            return Page(1)
        return Page(int(page))
