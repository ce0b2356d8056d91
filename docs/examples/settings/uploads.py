import tempfile

DEBUG = True
MEDIA_ROOT = tempfile.mkdtemp()
MEDIA_URL = '/media/'
ROOT_URLCONF = 'bookshop.media_urls'
APISTAR_ROUTE_CONF = 'bookshop.uploads'
APISTAR_SETTINGS = {'ALLOWED_DJANGO_ROUTES': ['/media/'] if DEBUG else []}
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
