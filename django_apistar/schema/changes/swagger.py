"""A Swagger 2 document in the shape of OpenAPI 3; its schemas stay where and as they are."""

from typing import Any

from django_apistar.schema.changes.keywords import ILL_FORMED, MalformedError, Schema
from django_apistar.schema.changes.sources import Source

METHODS = ('get', 'put', 'post', 'delete', 'options', 'head', 'patch')
# Words of a parameter that are not its schema's, and count.
OWN = ('name', 'in', 'required', 'allowEmptyValue', 'collectionFormat')
STYLES = {
    'multi': ('form', True), 'csv': ('form', False), 'ssv': ('spaceDelimited', False),
    'pipes': ('pipeDelimited', False),
}  # fmt: skip
FORMS = ('application/x-www-form-urlencoded', 'multipart/form-data')


def modernize_document(document: Schema) -> Schema:
    """Return *document* with paths, security schemes and servers as OpenAPI 3 has them."""
    return _Modernizer(document).run()


class _Modernizer:
    def __init__(self, document: Schema) -> None:
        self.document = document
        self.source = Source(document, '2.0')

    def run(self) -> Schema:
        document = self.document
        paths = document.get('paths')
        schemes = document.get('securityDefinitions')
        return {
            **document,
            'paths': {path: self._item(item) for path, item in paths.items()}
            if isinstance(paths, dict) else paths,
            'components': {'securitySchemes': {
                name: _scheme(scheme) for name, scheme in schemes.items()
            } if isinstance(schemes, dict) else schemes},
            'servers': self._servers(),
        }  # fmt: skip

    def _servers(self) -> list[Schema | None]:
        host, base = self.document.get('host'), self.document.get('basePath', '')
        if not host:
            return [{'url': base}] if base else []
        schemes = self.document.get('schemes') or ()
        if not isinstance(schemes, (list, tuple)):
            return [None]  # for the judge to tell
        starts = [f'{scheme}:' for scheme in schemes] or ['']
        return [{'url': f'{start}//{host}{base}'} for start in starts]

    def _item(self, item: object) -> object:
        if not isinstance(item, dict):
            return item
        shared = self._resolved(item.get('parameters'))
        return {
            key: self._guarded(value, shared) if key in METHODS else value
            for key, value in item.items() if key != 'parameters'
        }  # fmt: skip

    def _resolved(self, parameters: object) -> list[object]:
        found: list[object] = []
        for parameter in parameters if isinstance(parameters, list) else ():
            try:
                found.append(self.source.follow(parameter))
            except MalformedError:
                found.append(parameter)
        return found

    def _guarded(self, operation: object, shared: list[object]) -> object:
        """What is not well-formed stays as it is, for the judges to tell."""
        try:
            return self._operation(operation, shared)
        except ILL_FORMED:
            return operation

    def _operation(self, operation: object, shared: list[object]) -> object:
        if not isinstance(operation, dict):
            return operation
        own = self._resolved(operation.get('parameters'))
        taken = {_key(parameter) for parameter in own}
        parameters = [*(item for item in shared if _key(item) not in taken), *own]
        bodies = [item for item in parameters if _key(item)[0] in ('body', 'formData')]
        changed = {**operation, 'parameters': [
            _parameter(item) for item in parameters if item not in bodies
        ]}  # fmt: skip
        if bodies:
            changed['requestBody'] = self._body(operation, bodies)
        responses = operation.get('responses')
        if isinstance(responses, dict):
            changed['responses'] = {
                status: self._response(operation, item) for status, item in responses.items()
            }
        return changed

    def _body(self, operation: Schema, bodies: list[Any]) -> Schema:
        consumes: Any = operation.get('consumes', self.document.get('consumes')) or ()
        first = bodies[0]
        if first['in'] == 'body':
            types = consumes or ('application/json',)
            schema, required = first.get('schema', {}), first.get('required', False)
        else:
            types = [name for name in consumes if name in FORMS] or FORMS[:1]
            needed = [item['name'] for item in bodies if item.get('required')]
            fields = {item['name']: _parameter(item)['schema'] for item in bodies}
            schema = {'type': 'object', 'properties': fields, 'required': needed}
            required = bool(needed)
        return {'required': required, 'content': {name: {'schema': schema} for name in types}}

    def _response(self, operation: Schema, item: object) -> object:
        try:
            response = self.source.follow(item)
        except MalformedError:
            return item
        produces = operation.get('produces', self.document.get('produces')) or ['application/json']
        changed = {**response, 'headers': {
            name: {'schema': header} for name, header in response.get('headers', {}).items()
        }}  # fmt: skip
        if 'schema' in response:
            changed['content'] = {name: {'schema': response['schema']} for name in produces}
        return changed


def _key(parameter: Any) -> tuple[object, object]:
    is_known = isinstance(parameter, dict)
    return (parameter.get('in'), parameter.get('name')) if is_known else (None, None)


def _parameter(parameter: object) -> Any:
    if not isinstance(parameter, dict):
        return parameter
    schema = {word: value for word, value in parameter.items() if word not in OWN}
    kept = {word: parameter[word] for word in OWN if word in parameter}
    if schema.get('type') == 'array':
        style, explode = STYLES.get(parameter.get('collectionFormat', 'csv'), ('form', False))
        simple = parameter.get('in') in ('path', 'header')
        kept.update(style='simple' if simple else style, explode=explode)
    return {**kept, 'schema': schema}


def _scheme(scheme: object) -> object:
    if isinstance(scheme, dict) and scheme.get('type') == 'basic':
        return {'type': 'http', 'scheme': 'basic'}
    if isinstance(scheme, dict) and scheme.get('type') == 'oauth2':
        flow = str(scheme.get('flow'))
        return {'type': 'oauth2', 'flows': {FLOWS.get(flow, flow): scheme}}
    return scheme


# Flows that OpenAPI 3 calls otherwise.
FLOWS = {'application': 'clientCredentials', 'accessCode': 'authorizationCode'}
