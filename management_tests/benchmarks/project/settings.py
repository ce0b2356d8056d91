"""What `startproject` writes, for production, with both frameworks. The environment names more."""

import os
from pathlib import Path

import django

BASE_DIR = Path(__file__).resolve().parent

SECRET_KEY = 'for benchmarks only, never used anywhere else'
DEBUG = False
ALLOWED_HOSTS = ['127.0.0.1', 'localhost']

INSTALLED_APPS = [
    'django.contrib.admin',
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.sessions',
    'django.contrib.messages',
    'django.contrib.staticfiles',
    'django_apistar',
    'management_tests.benchmarks.project',
]
MIDDLEWARE = [
    'django.middleware.security.SecurityMiddleware',
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.middleware.common.CommonMiddleware',
    'django.middleware.csrf.CsrfViewMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
    'django.contrib.messages.middleware.MessageMiddleware',
    'django.middleware.clickjacking.XFrameOptionsMiddleware',
]
TEMPLATES = [
    {
        'BACKEND': 'django.template.backends.django.DjangoTemplates',
        'APP_DIRS': True,
        'OPTIONS': {
            'context_processors': [
                'django.template.context_processors.request',
                'django.contrib.auth.context_processors.auth',
                'django.contrib.messages.context_processors.messages',
            ],
        },
    },
]

APISTAR_ROUTE_CONF = 'management_tests.benchmarks.project.routes'
APISTAR_SETTINGS = {'ALLOWED_DJANGO_ROUTES': ['/admin/', '/django/', '/ninja/', '/drf/']}
ROOT_URLCONF = 'management_tests.benchmarks.project.urls'
WSGI_APPLICATION = os.environ.get('BENCHMARK_APPLICATION', 'django_apistar.wsgi.application')

DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.sqlite3',
        'NAME': os.environ.get('BENCHMARK_DATABASE', ':memory:'),
        # Every subject keeps its connection: else a list measures connecting.
        'CONN_MAX_AGE': None,
        # As those have it who serve from SQLite; the file itself is in WAL mode. Else a new row
        # measures the disk.
        'OPTIONS': (
            {'init_command': 'PRAGMA synchronous = NORMAL'} if django.VERSION >= (5, 1) else {}
        ),
    },
}
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'

LANGUAGE_CODE = 'en-us'
TIME_ZONE = 'UTC'
USE_I18N = True
USE_TZ = True

STATIC_URL = '/static/'
STATIC_ROOT = BASE_DIR / 'staticfiles'

REST_FRAMEWORK = {
    'DEFAULT_RENDERER_CLASSES': ['rest_framework.renderers.JSONRenderer'],
    'DEFAULT_AUTHENTICATION_CLASSES': [],
    'UNAUTHENTICATED_USER': None,
}
