"""Our keys in a request's environ, for hooks, logs and metrics."""

FRAMEWORK_KEY = 'django_apistar.framework'  # 'apistar', 'django' or 'static'
ROUTE_NAME_KEY = 'django_apistar.route_name'  # with its Includes: 'auth:token_login'
ROUTE_KEY = 'django_apistar.route'  # the path as the route writes it, where Settings.notes_routes
AUTHENTICATORS_KEY = 'django_apistar.authenticators'  # of the route, in place of the App's
REQUEST_ID_KEY = 'django_apistar.request_id'
REQUEST_KEY = 'django_apistar.request'  # Django's, once a parameter has read it
