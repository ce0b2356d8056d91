APISTAR_ROUTE_CONF = 'bookshop.components'
APISTAR_SETTINGS = {
    'COMPONENTS': [
        'bookshop.components.PaginationComponent',
        'bookshop.components.LanguageComponent',
        'bookshop.components.CookieComponent',
    ],
}
