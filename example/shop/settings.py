"""Settings of the example, for development as they are and for production by the environment.

DJANGO_DEBUG          1 (the default) or 0
DJANGO_SECRET_KEY     needed when DJANGO_DEBUG is 0
DJANGO_ALLOWED_HOSTS  host names, separated by commas
DJANGO_HTTPS          1 behind a proxy that speaks HTTPS: secure cookies, redirect, HSTS
DJANGO_PROXIES        how many proxies add X-Forwarded-For before us; 0 (the default) for none
DATABASE_URL          postgres://user:password@host/name; the file db.sqlite3 when unset
REDIS_URL             redis://:password@host/0, for the count of failed logins; when unset each
                      worker counts for itself
"""

import os
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = os.environ.get('DJANGO_DEBUG', '1') == '1'
SECRET_KEY = os.environ.get('DJANGO_SECRET_KEY') or ('for development only' if DEBUG else '')
if not SECRET_KEY:
    raise ImproperlyConfigured(
        'DJANGO_SECRET_KEY is not set. Set it to a long random string when DJANGO_DEBUG is 0.'
    )
ALLOWED_HOSTS = [
    host.strip() for host in os.environ.get('DJANGO_ALLOWED_HOSTS', '').split(',') if host.strip()
]

INSTALLED_APPS = [
    'django.contrib.admin',
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.sessions',
    'django.contrib.messages',
    'django.contrib.staticfiles',
    'django_apistar',
    'django_apistar.authentication',
    'products',
]

# Which API Star routes there are, and which paths Django answers.
APISTAR_ROUTE_CONF = 'products.routes'
APISTAR_SETTINGS = {
    'ALLOWED_DJANGO_ROUTES': ('/admin/', '/static/'),
    'COMPONENTS': ['django_apistar.authentication.components.DjangoTokenAuthentication'],
    'AUTH_COMPONENTS': ['django_apistar.authentication.components.DjangoTokenAuthentication'],
    'HEALTH_URL': '/health/',
    'READY_URL': '/ready/',
    'TITLE': 'Shop',
    'DESCRIPTION': 'The example of django-apistar.',
    'VERSION': '1.0',
    'TAGS': {'products': 'What the shop sells.', 'auth': 'Get a token, and give it back.'},
    'INFO': {
        'license': {'name': 'BSD-3-Clause', 'url': 'https://spdx.org/licenses/BSD-3-Clause.html'},
    },
}
# The shop's API is public, and so may be its schema.
SILENCED_SYSTEM_CHECKS = ['django_apistar.W009']
PROXIES = int(os.environ.get('DJANGO_PROXIES', '0'))
WSGI_APPLICATION = 'shop.wsgi.application' if PROXIES else 'django_apistar.wsgi.application'
ROOT_URLCONF = 'shop.urls'

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
        'DIRS': [BASE_DIR / 'templates'],
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

DATABASES = {
    'default': dj_database_url.config(
        default=f'sqlite:///{BASE_DIR / "db.sqlite3"}',
        conn_max_age=60,
        conn_health_checks=True,
    ),
}
if os.environ.get('REDIS_URL'):
    CACHES = {
        'default': {
            'BACKEND': 'django.core.cache.backends.redis.RedisCache',
            'LOCATION': os.environ['REDIS_URL'],
            # One that is silent must not hold the threads that ask it.
            'OPTIONS': {'socket_timeout': 1, 'socket_connect_timeout': 1},
        },
    }
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
AUTH_PASSWORD_VALIDATORS = [
    {'NAME': f'django.contrib.auth.password_validation.{name}'}
    for name in (
        'UserAttributeSimilarityValidator',
        'MinimumLengthValidator',
        'CommonPasswordValidator',
        'NumericPasswordValidator',
    )
]

LANGUAGE_CODE = 'en-us'
TIME_ZONE = 'UTC'
USE_I18N = True
USE_TZ = True

STATIC_URL = '/static/'
STATIC_ROOT = BASE_DIR / 'staticfiles'
if not DEBUG:
    STORAGES = {
        'default': {'BACKEND': 'django.core.files.storage.FileSystemStorage'},
        'staticfiles': {'BACKEND': 'whitenoise.storage.CompressedManifestStaticFilesStorage'},
    }

# Django's own configuration logs to the console under DEBUG alone.
LOGGING = {
    'version': 1,
    'disable_existing_loggers': False,
    'handlers': {'console': {'class': 'logging.StreamHandler'}},
    'loggers': {'django': {'handlers': ['console'], 'level': 'INFO'}},
}

if os.environ.get('DJANGO_HTTPS', '0') == '1':
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
