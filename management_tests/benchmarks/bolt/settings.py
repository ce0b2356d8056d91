import os

SECRET_KEY = 'for benchmarks only, never used anywhere else'
DEBUG = False
ALLOWED_HOSTS = ['127.0.0.1', 'localhost']
INSTALLED_APPS = ['django_bolt', 'management_tests.benchmarks.project']
ROOT_URLCONF = 'management_tests.benchmarks.bolt.urls'
DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.sqlite3',
        'NAME': os.environ['BENCHMARK_DATABASE'],
        'CONN_MAX_AGE': None,
    },
}
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
USE_TZ = True
if os.environ.get('BENCHMARK_LOG_LEVEL') == 'ERROR':  # no line for each request
    LOGGING = {
        'version': 1,
        'disable_existing_loggers': False,
        'loggers': {
            name: {'level': 'ERROR', 'propagate': False}
            for name in ('django.server', 'django_bolt')
        },
    }
BOLT_API = ['management_tests.benchmarks.bolt.api:api']
