"""One request through one App: injection, body, handler, response, errors."""
