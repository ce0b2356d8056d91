"""The rules about everything but schemas: id, level, sentence, remedy, before, after.

The examples are operations, or whole documents where a key of a document stands in them.
"""

from django_apistar.schema.changes.keywords import Schema

OK: Schema = {'responses': {'200': {'description': 'OK'}}}
Q = {'in': 'query', 'name': 'q', 'schema': {'type': 'string'}}
N = {'in': 'query', 'name': 'q', 'schema': {'type': 'integer'}}
LIST = {'in': 'query', 'name': 'q', 'schema': {'type': 'array', 'items': {'type': 'string'}}}
BODY = {'content': {'application/json': {'schema': {'type': 'object'}}}}
JSON: Schema = {'application/json': {}}
SCHEMES = {'b': {'type': 'http', 'scheme': 'basic'}, 'o': {'type': 'oauth2', 'flows': {}}}
PAST, FUTURE, LATER = '2020-01-01', '2999-01-01', '2999-06-01'


def _with(*parameters: object, **words: object) -> Schema:
    return {**OK, **({'parameters': list(parameters)} if parameters else {}), **words}


def _answers(status: str, **words: object) -> Schema:
    return {'responses': {status: {'description': 'x', **words}}}


def _also(status: str) -> Schema:
    return {'responses': {**OK['responses'], status: {'description': 'x'}}}


def _document(operation: object = OK, **words: object) -> Schema:
    paths = {} if operation is None else {'/p/': {'get': operation}}
    return {'openapi': '3.1.0', 'paths': paths, **words}


def _secured(demand: object) -> Schema:
    return _document({**OK, 'security': demand}, components={'securitySchemes': SCHEMES})


HEADER = {'X-A': {'schema': {'type': 'string'}}}
NEEDED = {'X-A': {'required': True, 'schema': {'type': 'string'}}}
HOOK = {'post': OK}

# fmt: off
DOCUMENT_RULES: tuple[tuple[str, str, str, str, object, object], ...] = (
    # Paths and operations
    ('path-removed', 'error', 'the path was removed.',
     'Mark it deprecated, with x-sunset, and remove it after that day.', _document(), _document(None)),
    ('operation-removed', 'error', 'the operation was removed.',
     'Mark it deprecated, with x-sunset, and remove it after that day.',
     {'openapi': '3.1.0', 'paths': {'/p/': {'get': OK, 'put': OK}}}, _document()),
    ('removed-before-sunset', 'error', 'it was removed before its sunset, {old}.',
     'Keep it until that day.', _document({**OK, 'deprecated': True, 'x-sunset': FUTURE}), _document(None)),
    ('removed-without-sunset', 'warning', 'it was removed: deprecated, without a day of sunset.',
     'Say by x-sunset when it goes.', _document({**OK, 'deprecated': True}), _document(None)),
    ('removed-after-sunset', 'info', 'it was removed after its sunset, {old}.', '',
     _document({**OK, 'deprecated': True, 'x-sunset': PAST}), _document(None)),
    ('unstable-removed', 'info', 'it was removed; its stability was {old}.', '',
     _document({**OK, 'x-stability-level': 'alpha'}), _document(None)),
    ('operation-added', 'info', 'it is new.', '', _document(None), _document()),
    ('deprecated', 'info', '{where} is deprecated.', '', OK, {**OK, 'deprecated': True}),
    ('undeprecated', 'info', '{where} is no longer deprecated.', '', {**OK, 'deprecated': True}, OK),
    ('sunset-earlier', 'error', '{where} goes on {new}, before on {old}.', 'Keep the day that was announced.',
     {**OK, 'deprecated': True, 'x-sunset': LATER}, {**OK, 'deprecated': True, 'x-sunset': FUTURE}),
    ('sunset-removed', 'error', '{where} has no longer a day of sunset, before {old}.',
     'Keep the day that was announced.', {**OK, 'deprecated': True, 'x-sunset': FUTURE}, {**OK, 'deprecated': True}),
    ('sunset-too-early', 'error', '{where} becomes deprecated with a sunset that is past, {new}.',
     'Give clients time.', OK, {**OK, 'deprecated': True, 'x-sunset': PAST}),
    ('sunset-unreadable', 'error', '{where} has the sunset {new}, which is no date.',
     'Write a day as 2030-12-31.', OK, {**OK, 'deprecated': True, 'x-sunset': 'soon'}),
    ('stability-decreased', 'error', 'the stability fell from {old} to {new}.', '',
     {**OK, 'x-stability-level': 'stable'}, {**OK, 'x-stability-level': 'beta'}),
    ('operation-id-changed', 'info', 'the operationId was {old}, now {new}.', '',
     {**OK, 'operationId': 'a'}, {**OK, 'operationId': 'b'}),
    ('tags-changed', 'info', 'the tags were {old}, now {new}.', '', {**OK, 'tags': ['a']}, {**OK, 'tags': ['b']}),
    ('server-removed', 'warning', 'the server {old} was removed.', '',
     _document(servers=[{'url': '/a'}, {'url': '/b'}]), _document(servers=[{'url': '/b'}])),
    ('servers-replaced', 'error', 'no server of before is left: {old}.', '',
     _document(servers=[{'url': '/a'}]), _document(servers=[{'url': '/b'}])),
    ('webhook-removed', 'error', 'the webhook was removed.', '', _document(webhooks={'n': HOOK}), _document()),
    ('webhook-added', 'info', 'the webhook is new.', '', _document(), _document(webhooks={'n': HOOK})),
    ('callback-removed', 'error', 'the callback {old} was removed.', '',
     {**OK, 'callbacks': {'c': {'{$url}': HOOK}}}, OK),
    ('definition-removed', 'error', 'the definition {old} was removed.', '',
     {'$schema': 'x', '$defs': {'A': {}}}, {'$schema': 'x', '$defs': {}}),
    # Parameters
    ('request-parameter-removed', 'warning', '{where} was removed: it is no longer looked at.', '', _with(Q), OK),
    ('request-parameter-moved', 'error', '{where} was moved to {new}.', 'Take it in both places.',
     _with(Q), _with({**Q, 'in': 'header'})),
    ('request-required-parameter-added', 'error', '{where} is new and required.', 'Make it optional.',
     OK, _with({**Q, 'required': True})),
    ('request-parameter-added', 'info', '{where} is new and optional.', '', OK, _with(Q)),
    ('request-parameter-became-required', 'error', '{where} is now required.', 'Give it a default.',
     _with(Q), _with({**Q, 'required': True})),
    ('request-parameter-became-optional', 'info', '{where} is now optional.', '',
     _with({**Q, 'required': True}), _with(Q)),
    ('request-parameter-default-changed', 'error', '{where} has the default {new}, before {old}.',
     'Keep what a request without it means.',
     _with({**N, 'schema': {'type': 'integer', 'default': 1}}), _with({**N, 'schema': {'type': 'integer', 'default': 2}})),
    ('request-parameter-default-removed', 'error', '{where} has no default any more, before {old}.',
     'Keep what a request without it means.', _with({**N, 'schema': {'type': 'integer', 'default': 1}}), _with(N)),
    ('request-parameter-default-added', 'error', '{where} has a default now, {new}.',
     'Keep what a request without it means.', _with(N), _with({**N, 'schema': {'type': 'integer', 'default': 1}})),
    ('request-parameter-style-changed', 'error', '{where} is written by {new}, before by {old}.', '',
     _with(LIST), _with({**LIST, 'style': 'pipeDelimited', 'explode': False})),
    ('request-parameter-content-changed', 'error', '{where} is now written as {new}, before as {old}.', '',
     _with({'in': 'query', 'name': 'q', 'content': {'application/json': {}}}), _with(Q)),
    ('request-parameter-empty-refused', 'error', '{where} may no longer be empty.', '',
     _with({**Q, 'allowEmptyValue': True}), _with(Q)),
    ('request-parameter-reserved-refused', 'error', '{where} may no longer hold reserved characters.', '',
     _with({**Q, 'allowReserved': True}), _with(Q)),
    # Bodies
    ('request-body-required-added', 'error', 'a request body is now required.', 'Make it optional.',
     OK, {**OK, 'requestBody': {**BODY, 'required': True}}),
    ('request-body-added', 'info', 'a request body may now be sent.', '', OK, {**OK, 'requestBody': BODY}),
    ('request-body-removed', 'error', 'the request body was removed.', '', {**OK, 'requestBody': BODY}, OK),
    ('request-body-became-required', 'error', 'the request body is now required.', 'Give it a default.',
     {**OK, 'requestBody': BODY}, {**OK, 'requestBody': {**BODY, 'required': True}}),
    ('request-body-became-optional', 'info', 'the request body is now optional.', '',
     {**OK, 'requestBody': {**BODY, 'required': True}}, {**OK, 'requestBody': BODY}),
    ('request-media-type-removed', 'error', 'the body may no longer be {old}.', '',
     {**OK, 'requestBody': {'content': {'text/csv': {}, **JSON}}}, {**OK, 'requestBody': {'content': JSON}}),
    ('request-media-type-added', 'info', 'the body may now be {new}.', '',
     {**OK, 'requestBody': {'content': JSON}}, {**OK, 'requestBody': {'content': {'text/csv': {}, **JSON}}}),
    ('request-encoding-changed', 'error', 'the field {name} of the body is written in another way.', '',
     {**OK, 'requestBody': {'content': {'multipart/form-data': {'encoding': {'a': {'contentType': 'image/png'}}}}}},
     {**OK, 'requestBody': {'content': {'multipart/form-data': {'encoding': {'a': {'contentType': 'image/gif'}}}}}}),
    ('request-property-default-changed', 'info', '{where} has the default {new}, before {old}.', '',
     {**OK, 'requestBody': {'content': {'application/json': {'schema': {'properties': {'a': {'default': 1}}}}}}},
     {**OK, 'requestBody': {'content': {'application/json': {'schema': {'properties': {'a': {'default': 2}}}}}}}),
    ('request-property-became-read-only', 'warning', '{where} is now readOnly: it is no longer looked at.', '',
     {**OK, 'requestBody': {'content': {'application/json': {'schema': {'properties': {'a': {}}}}}}},
     {**OK, 'requestBody': {'content': {'application/json': {'schema': {'properties': {'a': {'readOnly': True}}}}}}}),
    ('response-property-became-write-only', 'warning', '{where} is now writeOnly: it is no longer answered.', '',
     _answers('200', content={'application/json': {'schema': {'properties': {'a': {}}}}}),
     _answers('200', content={'application/json': {'schema': {'properties': {'a': {'writeOnly': True}}}}})),
    ('discriminator-changed', 'warning', '{where} is told apart by {new}, before by {old}.', '',
     {**OK, 'requestBody': {'content': {'application/json': {'schema': {'discriminator': {'propertyName': 'a'}}}}}},
     {**OK, 'requestBody': {'content': {'application/json': {'schema': {'discriminator': {'propertyName': 'b'}}}}}}),
    ('request-takes-more', 'info', '{where} takes more than before.', '',
     {**OK, 'requestBody': {'content': {'application/json': {'schema': {'maximum': 5}}}}},
     {**OK, 'requestBody': {'content': {'application/json': {'schema': {'maximum': 9}}}}}),
    ('response-promises-more', 'info', '{where} promises more than before.', '',
     _answers('200', content={'application/json': {'schema': {'maximum': 9}}}),
     _answers('200', content={'application/json': {'schema': {'maximum': 5}}})),
    # Responses
    ('response-success-removed', 'error', 'the response {old} was removed.', '', _answers('201'), _answers('200')),
    ('response-success-added', 'warning', 'there may now be the response {new}.', '', OK, _also('202')),
    ('response-error-removed', 'info', 'the response {old} was removed.', '', _also('404'), OK),
    ('response-error-added', 'info', 'there may now be the response {new}.', '', OK, _also('404')),
    ('response-media-type-removed', 'error', '{where} is no longer {old}.', '',
     _answers('200', content={'text/csv': {}, **JSON}), _answers('200', content=JSON)),
    ('response-media-type-widened', 'error', '{where} may now be {new}, before {old}.', '',
     _answers('200', content=JSON), _answers('200', content={'application/*': {}})),
    ('response-media-type-added', 'info', '{where} may now be {new}.', '',
     _answers('200', content=JSON), _answers('200', content={'text/csv': {}, **JSON})),
    ('response-header-removed', 'error', '{where} was removed.', '',
     _answers('200', headers=NEEDED), _answers('200')),
    ('response-optional-header-removed', 'warning', '{where} was removed; it was optional.', '',
     _answers('200', headers=HEADER), _answers('200')),
    ('response-header-became-optional', 'error', '{where} may now be missing.', '',
     _answers('200', headers=NEEDED), _answers('200', headers=HEADER)),
    ('response-header-added', 'info', '{where} is new.', '', _answers('200'), _answers('200', headers=HEADER)),
    ('response-link-removed', 'info', '{where} was removed.', '',
     _answers('200', links={'l': {'operationId': 'a'}}), _answers('200')),
    # Security
    ('security-added', 'error', 'authentication is now required.', 'Let requests without it in.',
     _secured([]), _secured([{'b': []}])),
    ('security-alternative-removed', 'error', 'authentication by {old} is no longer possible.', '',
     _secured([{'b': []}, {'o': []}]), _secured([{'o': []}])),
    ('security-scope-added', 'error', 'authentication by {old} now needs the scopes {new}.', '',
     _secured([{'o': []}]), _secured([{'o': ['write']}])),
    ('security-alternative-added', 'info', 'authentication by {new} is possible now.', '',
     _secured([{'b': []}]), _secured([{'b': []}, {'o': []}])),
    ('security-removed', 'info', 'authentication is no longer required.', '', _secured([{'b': []}]), _secured([])),
)
