"""Routes whose handlers ask for no user, for projects without authentication components."""

from apistar import Route

from management_tests.support.authentication_project import secret

routes = [Route('/secret/', 'GET', secret)]
