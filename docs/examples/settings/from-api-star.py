APISTAR_ROUTE_CONF = 'bookshop.stock'
APISTAR_SETTINGS = {
    'COMPONENTS': ['bookshop.stock.AgentComponent'],
    'DOCS_URL': '/docs/',
    'SCHEMA_URL': '/schema/',
}
