"""The compiled plan of a route: one function from environ to body, in place of the walk.

A plan does what an Exchange does for the same route, in the same order, and hands over to the
Exchange when anything raises. `Plan.text` shows it.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from apistar import exceptions, validators

from django_apistar.accelerate.plan import parameters
from django_apistar.accelerate.plan.response_writer import AnswerWriter
from django_apistar.accelerate.plan.subject import Plan, Subject, Tools
from django_apistar.accelerate.source import Source
from django_apistar.accelerate.types.compilers import compile_body, compile_validator

INITIAL = {  # keys of a request's state that a plan has from the start
    'environ': 'environ', 'start_response': 'start_response', 'app': '_app',
    'path_params': 'path_params', 'route': '_route', 'return_value': 'value',
    'response': 'response', 'exc': 'None',
}  # fmt: skip


BUILT_IN = ('django_apistar.api.components', 'apistar.server.validation', 'apistar.server.wsgi')
HIDDEN = (  # written inline they leave no value, only what others make of it
    'validate_path_params', 'query_params', 'validate_query_params', 'headers',
    'validate_request_data',
)  # fmt: skip


LOCALS = (  # a plan's own variables
    'environ', 'start_response', 'path_params', 'value', 'response', 'body', 'kind', 'status',
    'headers', 'hooks', 'entered', 'responded', 'query', 'validated', 'exc', 'size', 'length',
    'item',
)  # fmt: skip


class NotPlannableError(Exception):
    """The route uses what a plan does not know; the Exchange serves it."""


def compile_plan(subject: Subject, tools: Tools) -> Plan:
    """Return the plan of *subject*. Raises NotPlannableError."""
    return _PlanWriter(subject, tools).build()


def check_plan(subject: Subject, tools: Tools) -> None:
    """Raise what `compile_plan` would, in a tenth of its time: no Type is compiled for it."""
    answer = dataclasses.replace(
        tools.answer, render_rows=_forget, write_rows=_forget, find_type=_forget
    )
    _PlanWriter(subject, dataclasses.replace(tools, answer=answer), is_trial=True).write()


def _forget(subject: Any) -> None:
    """Stands in for a compilation in a plan that nobody runs."""


class _PlanWriter:
    def __init__(self, subject: Subject, tools: Tools, *, is_trial: bool = False) -> None:
        self.subject = subject
        self.tools = tools
        self.is_trial = is_trial
        self.link: Any = subject.route.link
        self.source = Source()
        self.variables: dict[Any, str] = dict(INITIAL)
        self.state_keys: dict[str, Any] = {}  # by variable, for the Exchange that takes over
        self.fields = self._describe_fields()
        self.answer = AnswerWriter(
            self.source, tools.answer, subject.route.handler, subject.uses_own_rendering,
            any(what == 'on_response' for what, _ in subject.calls),
        )  # fmt: skip
        self.inline = self._choose_inline()

    def _describe_fields(self) -> dict[str, parameters.QueryField] | None:
        fields = self.link.get_query_fields() if self.link else []
        for name in LOCALS:
            self.source.name(name)
        described = parameters.describe_query(fields, self._name_variable)
        return None if described is None else {field.name: field for field in described}

    def _name_variable(self, name: str) -> str:
        return self.source.name(f'param_{name}')

    # Which components are written inline

    def _choose_inline(self) -> set[int]:
        """Return the positions of the steps that are written inline.

        A step is not when its value is wanted as it is, by a component or function that is
        called; and then what that step wants is wanted too.
        """
        steps = self.subject.steps
        inline = {index for index, step in enumerate(steps) if self._is_known(step)}
        while True:
            wanted = {
                key for index, step in enumerate(steps) if index not in inline
                for _, key in step.values
            }  # fmt: skip
            whole_query = any(
                step.output in wanted for step in steps if _role(step) == 'validate_query_params'
            )
            called = {
                index for index in inline
                if (steps[index].output in wanted and _role(steps[index]) in HIDDEN)
                or (whole_query and self._is_query_param(steps[index]))
            }  # fmt: skip
            if not called:
                self.wanted = wanted
                return inline
            inline -= called

    def _is_known(self, step: Any) -> bool:
        role = _role(step)
        is_known = getattr(self, f'_knows_{role}', None)
        if not hasattr(self, f'_write_{role}') or self.link is None:
            return False
        return is_known is None or bool(is_known(step))

    def _is_query_param(self, step: Any) -> bool:
        return _role(step) == 'primitive_param' and not self._is_path_param(step)

    def _is_path_param(self, step: Any) -> bool:
        return step.parameter.name in self.subject.types

    # The function

    def build(self) -> Plan:
        self.write()
        route = self.subject.route
        filename = f'<django_apistar plan {route.method.upper()} {self.subject.path}>'
        return Plan(self.source.build('respond', filename), self.source.text)

    def write(self) -> None:
        source, subject = self.source, self.subject
        for value, hint in ((self.tools.app, 'app'), (subject.route, 'route')):
            if source.const(value, hint) != f'_{hint}':
                raise NotPlannableError
        recover = source.const(self.tools.recover, 'recover')
        keys = source.const(self.state_keys, 'state_keys')
        with source.block('def respond(environ, start_response, path_params):'):
            with source.block('try:'):
                if 'path_params' in self.wanted:  # Who gets it may change it: it serves others.
                    source.line('path_params = path_params.copy()')
                self._write_hooks()
                for start, index in self._group_steps():
                    self._write_progress(subject.steps[index - 1].function)
                    for number in range(start, index):
                        self._write_step(number, subject.steps[number])
            with source.block(f'except {source.const(self.tools.faults, "faults")} as exc:'):
                source.line(
                    f'return {recover}(exc, environ, start_response, _route, {keys}, locals())'
                )
            self.answer.write()

    def _write_hooks(self) -> None:
        source = self.source
        for number, hook in enumerate(self.subject.hooks):
            made = source.const(hook, 'Hook' if isinstance(hook, type) else 'hook')
            source.line(f'hook_{number} = {made}' + ('()' if isinstance(hook, type) else ''))
        if self.subject.hooks or self._is_environ_wanted():
            key = source.const(self.tools.route_name_key, 'key')
            source.line(f'environ[{key}] = {source.const(self.subject.name, "name")}')
        if not self.subject.hooks:
            return
        numbers = range(len(self.subject.hooks))
        with_request = {hook for what, hook in self.subject.calls if what == 'on_request'}
        source.line(f'hooks = [{", ".join(f"hook_{n}" for n in numbers)}]')
        started = ', '.join(f'hook_{n}' for n in numbers if n not in with_request)
        source.line(f'entered, responded, response = [{started}], [], None')

    def _is_environ_wanted(self) -> bool:
        """Whether a function of the project sees what is in the environ."""
        return any(
            key == 'environ'
            for index, step in enumerate(self.subject.steps) if index not in self.inline
            for _, key in step.values
        )  # fmt: skip

    def _write_step(self, index: int, step: Any) -> None:
        if index in self.inline:
            getattr(self, f'_write_{_role(step)}')(step)
        elif step.component is not None:
            self._write_component(step)
        else:
            self._write_function(step)

    def _write_component(self, step: Any) -> None:
        variable = self._new_variable(step)
        function = self.source.const(step.func, type(step.component).__name__)
        self.source.line(f'{variable} = {function}({self._arguments(step)})')

    def _new_variable(self, step: Any) -> str:
        annotation = getattr(step.parameter.annotation, '__name__', 'value')
        variable = self.source.name(f'{annotation}_{step.parameter.name}'.lower())
        self.variables[step.output] = variable
        self.state_keys[variable] = step.output
        return variable

    def _arguments(self, step: Any) -> str:
        arguments = {name: self._read(key) for name, key in step.values}
        arguments |= {name: self.source.const(value, name) for name, value in step.consts.items()}
        if _takes_in_order(step.func, arguments):
            return ', '.join(arguments.values())
        return ', '.join(f'{name}={value}' for name, value in arguments.items())

    def _read(self, key: Any) -> str:
        try:
            return self.variables[key]
        except KeyError:
            raise NotPlannableError from None

    def _write_function(self, step: Any) -> None:
        what, hook = self.subject.calls[step.function]
        if step.output not in ('return_value', 'response'):
            raise NotPlannableError
        if what in ('render_response', 'finalize_wsgi') and self.subject.uses_own_rendering:
            self.answer.write_rendering(what)
            return
        target = 'value' if step.output == 'return_value' else 'response = value'
        if hook is not None:
            function = f'hook_{hook}.{what}'
            if what == 'on_request':
                self.source.line(f'entered.append(hook_{hook})')
        else:
            function = self.source.const(step.func, what)
        call = f'{function}({self._arguments(step)})'
        self.source.line(f'return {call}' if what == 'finalize_wsgi' else f'{target} = {call}')
        if what == 'handler':
            self.answer.write_rows()

    def _group_steps(self) -> Iterator[tuple[int, int]]:
        """Yield the range of the steps of each planned function: its components' and its own."""
        start = 0
        for index, step in enumerate(self.subject.steps, 1):
            if step.function is not None:
                yield start, index
                start = index

    def _write_progress(self, function: int) -> None:
        """Keep count as the Exchange does: whose on_response is still due."""
        what, hook = self.subject.calls[function]
        if what == 'on_response':
            self.source.line(f'responded.append(hook_{hook})')

    # Components, by the name of their class without 'Component'

    def _write_validate_path_params(self, step: Any) -> None:
        """The router has converted them; nothing is left to do."""

    def _knows_validate_path_params(self, step: Any) -> bool:
        types = self.subject.types
        return all(
            field.schema is None or parameters.find_kind(field.schema) is types.get(field.name)
            for field in self.link.get_path_fields()
        )

    def _write_query_params(self, step: Any) -> None:
        """Read by the fields of the link, or by whoever wants them as they are."""

    def _write_validate_query_params(self, step: Any) -> None:
        if self.fields:
            validate_query, route = self.tools.validate_query, self.subject.route
            parameters.write_query(
                self.source, self.fields.values(), lambda environ: validate_query(route, environ)
            )

    def _knows_validate_query_params(self, step: Any) -> bool:
        return self.fields is not None

    def _write_primitive_param(self, step: Any) -> None:
        name = step.parameter.name
        if self._is_path_param(step):
            self.variables[step.output] = f'path_params[{self.source.const(name, "name")}]'
            return
        field = self.fields[name]  # type: ignore[index]
        # Not for the Exchange: until here the variable may hold what is not valid yet.
        self.variables[step.output] = field.variable
        if step.parameter.default is inspect.Parameter.empty:
            parameters.write_required(self.source, field)
        if field.kind is not str:
            resolve = self.source.const(step.func, 'PrimitiveParam')
            parameter = self.source.const(step.parameter, 'parameter')
            with self.source.block('if validated is not None:'):
                self.source.line(f'{field.variable} = {resolve}({parameter}, {{}}, validated)')

    def _knows_primitive_param(self, step: Any) -> bool:
        name, annotation = step.parameter.name, step.parameter.annotation
        kind = str if annotation is inspect.Parameter.empty else annotation
        if self._is_path_param(step):
            return self.subject.types.get(name) is kind or annotation is inspect.Parameter.empty
        field = (self.fields or {}).get(name)
        return field is not None and field.kind is kind and _agrees(field, step.parameter)

    def _write_header(self, step: Any) -> None:
        expression = parameters.header_expression(self.source, step.parameter.name)
        self.source.line(f'{self._new_variable(step)} = {expression}')

    def _knows_header(self, step: Any) -> bool:
        return parameters.header_expression(Source(), step.parameter.name) is not None

    def _write_headers(self, step: Any) -> None:
        """Single headers are read from the environ."""

    def _write_body(self, step: Any) -> None:
        read = self.source.const(self.tools.read_body, 'read_body')
        self.source.line(f'{self._new_variable(step)} = {read}(environ)')

    def _write_request_data(self, step: Any) -> None:
        source = self.source
        body = self._read(next(key for name, key in step.values if name == 'content'))
        data = self._new_variable(step)
        decode = f'{source.const(self.tools.decode_body, "decode_body")}({body}, environ)'
        if step.output in self.wanted:
            source.line(f'{data} = {decode}')
            return
        with source.block(f"if {body} and environ.get('CONTENT_TYPE') == 'application/json':"):
            with source.block('try:'):
                source.line(f'{data} = {source.const(self.tools.read_json, "read_json")}({body})')
            with source.block(
                f'except {source.const(exceptions.ParseError, "ParseError")} as exc:'
            ):
                source.line(f'raise {self._bad_request}(str(exc)) from None')
        with source.block('else:'):
            source.line(f'{data} = {decode}')

    def _write_validate_request_data(self, step: Any) -> None:
        """Validated together with the Type that is made of it."""
        data = next(key for name, key in step.values if name == 'data')
        self.variables[step.output] = self._read(data)

    def _write_composite_param(self, step: Any) -> None:
        type_ = step.parameter.annotation
        self._write_validated(step, lambda: compile_body(type_), type_.__name__)

    def _knows_composite_param(self, step: Any) -> bool:
        field = self.link.get_body_field()
        return field is not None and field.schema is step.parameter.annotation.validator

    def _write_list_body(self, step: Any) -> None:
        schema = self.link.get_body_field().schema
        self._write_validated(step, lambda: compile_validator(schema, True), 'list')

    def _knows_list_body(self, step: Any) -> bool:
        field = self.link.get_body_field()
        return field is not None and type(field.schema) is validators.Array

    def _write_validated(self, step: Any, compile_it: Callable[[], Any], hint: str) -> None:
        source = self.source
        function = _forget if self.is_trial else compile_it()
        data = self._read(next(key for name, key in step.values if name == 'data'))
        variable = self._new_variable(step)
        validate = source.const(function, f'validate_{hint}')
        lines = [f'{variable} = {validate}({data})']
        if step.parameter.default is not inspect.Parameter.empty:
            default = source.const(step.parameter.default, 'default')
            lines = [f'{variable} = {default} if {data} is None else {validate}({data})']
        error = source.const(exceptions.ValidationError, 'ValidationError')
        with source.block('try:'):
            for line in lines:
                source.line(line)
        with source.block(f'except {error} as exc:'):
            source.line(f'raise {self._bad_request}(exc.detail) from None')

    @property
    def _bad_request(self) -> str:
        return self.source.const(exceptions.BadRequest, 'BadRequest')


def _role(step: Any) -> str:
    """Return what a built-in component does: 'query_params' for QueryParamsComponent.

    '' for any other step.
    """
    if getattr(type(step.component), '__module__', '') not in BUILT_IN:
        return ''
    name = type(step.component).__name__.removesuffix('Component')
    return re.sub('(?<!^)([A-Z])', r'_\1', name).lower()


def _takes_in_order(func: Any, names: Iterable[str]) -> bool:
    """Whether *func* is a plain function of *names*, which Python calls faster without them."""
    if not inspect.isfunction(func):
        return False
    code = func.__code__
    return code.co_varnames[: code.co_argcount] == tuple(names)


def _agrees(field: parameters.QueryField, parameter: inspect.Parameter) -> bool:
    """Whether handler and link say the same of a default: a hook's parameter may differ."""
    if parameter.default is inspect.Parameter.empty:
        return field.default is parameters.MISSING
    return field.default is not parameters.MISSING and field.default == parameter.default
