import os

DEBUG = os.environ.get('DJANGO_DEBUG', '1') == '1'
if not DEBUG:  # behind a proxy that speaks HTTPS and serves /media/
    SECRET_KEY = os.environ['DJANGO_SECRET_KEY']
    ALLOWED_HOSTS = os.environ['DJANGO_ALLOWED_HOSTS'].split(',')
    APISTAR_SETTINGS['ALLOWED_DJANGO_ROUTES'].remove('/media/')
    SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 3600
STATIC_ROOT = BASE_DIR / 'staticfiles'
