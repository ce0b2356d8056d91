"""Settings of the project that the tests use. TEST_DATABASE_URL chooses another database."""

import os
import sys
from pathlib import Path

import dj_database_url

BASE_DIR = Path(__file__).resolve().parent
sys.path.append(str(BASE_DIR.parent.parent / 'docs/examples'))  # where bookshop is

SECRET_KEY = 'for tests only, never used anywhere else'
DEBUG = False
ALLOWED_HOSTS = ['testserver', 'localhost', '127.0.0.1']

INSTALLED_APPS = [
    'django.contrib.admin',
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.sessions',
    'django.contrib.messages',
    'django.contrib.staticfiles',
    'django_apistar',
    'django_apistar.authentication',
    'management_tests.project',
    'bookshop',
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

APISTAR_ROUTE_CONF = 'management_tests.project.routes'
APISTAR_SETTINGS = {
    'ALLOWED_DJANGO_ROUTES': ['/admin/', '/django/', '/café/'],
    'DOCS_URL': '/docs/',
    'COMPONENTS': ['django_apistar.authentication.components.DjangoTokenAuthentication'],
    # The suite runs once with each: DJANGO_APISTAR_ACCELERATE=0.
    'ACCELERATE': os.environ.get('DJANGO_APISTAR_ACCELERATE', '1') != '0',
}
ROOT_URLCONF = 'management_tests.project.urls'
WSGI_APPLICATION = 'django_apistar.wsgi.application'

DATABASES = {
    'default': dj_database_url.parse(os.environ.get('TEST_DATABASE_URL', 'sqlite://:memory:')),
}
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
PASSWORD_HASHERS = ['django.contrib.auth.hashers.MD5PasswordHasher']

LANGUAGE_CODE = 'en-us'
TIME_ZONE = 'UTC'
USE_I18N = True
USE_TZ = True

STATIC_URL = '/static/'
STATIC_ROOT = BASE_DIR / 'staticfiles'
