from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

APISTAR_ROUTE_CONF = 'bookshop.html'
APISTAR_SETTINGS = {
    'TEMPLATE_DIR': BASE_DIR / 'bookshop/pages',
    'STATIC_DIR': BASE_DIR / 'bookshop/files',
}
