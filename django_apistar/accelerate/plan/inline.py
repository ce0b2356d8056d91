"""Writes built-in components inline: their lines in a plan, in place of their calls."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

from apistar import exceptions, validators

from django_apistar.accelerate.plan import parameters
from django_apistar.accelerate.plan.scope import Scope
from django_apistar.accelerate.plan.spec import ComponentStep, PlanContext, Role, RouteSpec, Step
from django_apistar.accelerate.source import Source
from django_apistar.accelerate.types.compilers import compile_body, compile_validator

if TYPE_CHECKING:
    from apistar.document import Link

_VALUELESS = frozenset((  # The results of these have no variable of their own.
    Role.PATH_PARAMS, Role.QUERY_PARAMS, Role.VALIDATED_QUERY, Role.HEADERS, Role.VALIDATED_DATA,
))  # fmt: skip


class InlineWriter:
    """Writes the steps of one route that a plan knows.

    *is_trial*: no Type is compiled, for a plan that is not run.
    """

    def __init__(
        self, source: Source, scope: Scope, spec: RouteSpec, context: PlanContext, is_trial: bool
    ) -> None:
        self._source = source
        self._scope = scope
        self._spec = spec
        self._context = context
        self._is_trial = is_trial
        self._fields = self._describe_fields()
        self.positions, self.wanted = self._choose()

    @property
    def _link(self) -> Link:
        assert self._spec.route.link is not None  # Without one, no step is inline.
        return self._spec.route.link

    def write(self, step: Step) -> None:
        role = self._get_role(step)
        assert role is not None  # Only steps with a role are chosen.
        _WRITERS[role][0](self, step)

    def _describe_fields(self) -> dict[str, parameters.QueryField] | None:
        """Return the link's query fields by name, None where one of them is not plain."""
        link = self._spec.route.link
        fields = link.get_query_fields() if link else []
        described = parameters.describe_query(
            fields, lambda name: self._source.name(f'param_{name}')
        )
        return None if described is None else {field.name: field for field in described}

    # Which steps

    def _choose(self) -> tuple[set[int], set[Hashable]]:
        """Return the positions of the steps to write inline, and what all others want.

        A step is called where one that is called wants its value, and inline it would have none;
        and then what that step wants is wanted too.
        """
        steps = self._spec.steps
        inline = {index for index, step in enumerate(steps) if self._is_known(step)}
        while True:
            wanted = {
                key for index, step in enumerate(steps) if index not in inline
                for _, key in step.values
            }  # fmt: skip
            has_whole_query = any(
                step.output in wanted
                for step in steps if self._get_role(step) is Role.VALIDATED_QUERY
            )  # fmt: skip
            called = {
                index for index in inline
                if (steps[index].output in wanted and self._get_role(steps[index]) in _VALUELESS)
                or (has_whole_query and self._is_query_parameter(steps[index]))
            }  # fmt: skip
            if not called:
                return inline, wanted
            inline -= called

    def _get_role(self, step: Step) -> Role | None:
        return self._context.roles.get(type(step.component))

    def _is_known(self, step: Step) -> bool:
        role = self._get_role(step)
        if role is None or self._spec.route.link is None:
            return False
        _, knows = _WRITERS[role]
        return knows is None or knows(self, step)

    def _is_query_parameter(self, step: Step) -> bool:
        return self._get_role(step) is Role.PARAMETER and not self._is_in_path(step)

    def _is_in_path(self, step: Step) -> bool:
        return step.parameter is not None and step.parameter.name in self._spec.types

    # Path, query string and headers

    def _knows_path_params(self, step: ComponentStep) -> bool:
        types = self._spec.types
        return all(
            field.schema is None or parameters.find_kind(field.schema) is types.get(field.name)
            for field in self._link.get_path_fields()
        )

    def _knows_validated_query(self, step: ComponentStep) -> bool:
        return self._fields is not None

    def _write_validated_query(self, step: ComponentStep) -> None:
        if self._fields:
            validate_query, route = self._context.validate_query, self._spec.route
            parameters.write_query(
                self._source, self._fields.values(), lambda environ: validate_query(route, environ)
            )

    def _write_parameter(self, step: ComponentStep) -> None:
        name = step.parameter.name
        if self._is_in_path(step):
            self._scope.define(step, f'path_params[{self._source.const(name, "name")}]')
            return
        field = self._fields[name]  # type: ignore[index]  # _knows_parameter has looked
        # Not for an Exchange: until here the variable may hold what is not valid yet.
        self._scope.define(step, field.variable)
        if step.parameter.default is inspect.Parameter.empty:
            parameters.write_required(self._source, field)
        if field.kind is not str:
            resolve = self._source.const(step.func, 'PrimitiveParam')
            parameter = self._source.const(step.parameter, 'parameter')
            with self._source.block('if validated is not None:'):
                self._source.line(f'{field.variable} = {resolve}({parameter}, {{}}, validated)')

    def _knows_parameter(self, step: ComponentStep) -> bool:
        name, annotation = step.parameter.name, step.parameter.annotation
        kind = str if annotation is inspect.Parameter.empty else annotation
        if self._is_in_path(step):
            return self._spec.types.get(name) is kind or annotation is inspect.Parameter.empty
        field = (self._fields or {}).get(name)
        return field is not None and field.kind is kind and _agrees(field, step.parameter)

    def _write_header(self, step: ComponentStep) -> None:
        expression = parameters.header_expression(self._source, step.parameter.name)
        self._source.line(f'{self._scope.add_variable(step)} = {expression}')

    def _knows_header(self, step: ComponentStep) -> bool:
        return parameters.header_expression(Source(), step.parameter.name) is not None

    # The body

    def _write_body(self, step: ComponentStep) -> None:
        read = self._source.const(self._context.read_body, 'read_body')
        self._source.line(f'{self._scope.add_variable(step)} = {read}(environ)')

    def _write_request_data(self, step: ComponentStep) -> None:
        source, context = self._source, self._context
        body = self._scope.read_argument(step, 'content')
        data = self._scope.add_variable(step)
        decode = f'{source.const(context.decode_body, "decode_body")}({body}, environ)'
        if step.output in self.wanted:
            source.line(f'{data} = {decode}')
            return
        with source.block(f"if {body} and environ.get('CONTENT_TYPE') == 'application/json':"):
            with source.block('try:'):
                source.line(f'{data} = {source.const(context.read_json, "read_json")}({body})')
            error = source.const(exceptions.ParseError, 'ParseError')
            with source.block(f'except {error} as exc:'):
                source.line(f'raise {self._bad_request}(str(exc)) from None')
        with source.block('else:'):
            source.line(f'{data} = {decode}')

    def _write_validated_data(self, step: ComponentStep) -> None:
        """Write nothing: the data is validated together with the Type that is made of it."""
        self._scope.define(step, self._scope.read_argument(step, 'data'))

    def _write_type(self, step: ComponentStep) -> None:
        type_ = self._get_incoming(step)
        self._write_validation(step, lambda: compile_body(type_), type_.__name__)

    def _knows_type(self, step: ComponentStep) -> bool:
        field = self._link.get_body_field()
        return field is not None and field.schema is self._get_incoming(step).validator

    def _get_incoming(self, step: ComponentStep) -> Any:
        """Return the Type of the body: see compat.incoming, which has found it for the link."""
        annotation = step.parameter.annotation
        return vars(annotation).get('__django_apistar_incoming__', annotation)

    def _write_list_body(self, step: ComponentStep) -> None:
        field = self._link.get_body_field()
        schema = field.schema if field else None
        assert schema is not None  # _knows_list_body has looked.
        self._write_validation(step, lambda: compile_validator(schema, True), 'list')

    def _knows_list_body(self, step: ComponentStep) -> bool:
        field = self._link.get_body_field()
        return field is not None and type(field.schema) is validators.Array

    def _write_validation(
        self, step: ComponentStep, compile_it: Callable[[], object], hint: str
    ) -> None:
        source = self._source
        function = _pass_on if self._is_trial else compile_it()
        data = self._scope.read_argument(step, 'data')
        variable = self._scope.add_variable(step)
        validated = f'{source.const(function, f"validate_{hint}")}({data})'
        if step.parameter.default is not inspect.Parameter.empty:
            default = source.const(step.parameter.default, 'default')
            validated = f'{default} if {data} is None else {validated}'
        with source.block('try:'):
            source.line(f'{variable} = {validated}')
        error = source.const(exceptions.ValidationError, 'ValidationError')
        with source.block(f'except {error} as exc:'):
            source.line(f'raise {self._bad_request}(exc.detail) from None')

    @property
    def _bad_request(self) -> str:
        return self._source.const(exceptions.BadRequest, 'BadRequest')

    def _write_nothing(self, step: ComponentStep) -> None:
        """Write nothing: the step needs no lines of its own."""


# By role: the method that writes a step, and the test of steps that it can write (None: all).
_WRITERS: dict[
    Role, tuple[Callable[[InlineWriter, Any], None], Callable[[InlineWriter, Any], bool] | None]
] = {
    Role.BODY: (InlineWriter._write_body, None),
    Role.HEADER: (InlineWriter._write_header, InlineWriter._knows_header),
    Role.HEADERS: (InlineWriter._write_nothing, None),  # Single headers are read from the environ.
    Role.LIST_BODY: (InlineWriter._write_list_body, InlineWriter._knows_list_body),
    Role.PARAMETER: (InlineWriter._write_parameter, InlineWriter._knows_parameter),
    # The router has converted them.
    Role.PATH_PARAMS: (InlineWriter._write_nothing, InlineWriter._knows_path_params),
    Role.QUERY_PARAMS: (InlineWriter._write_nothing, None),  # Read by the fields of the link.
    Role.REQUEST_DATA: (InlineWriter._write_request_data, None),
    Role.TYPE: (InlineWriter._write_type, InlineWriter._knows_type),
    Role.VALIDATED_DATA: (InlineWriter._write_validated_data, None),
    Role.VALIDATED_QUERY: (
        InlineWriter._write_validated_query, InlineWriter._knows_validated_query,
    ),
}  # fmt: skip


def _pass_on(data: object) -> Any:
    """Stand in for a validation in a plan that is not run."""


def _agrees(field: parameters.QueryField, parameter: inspect.Parameter) -> bool:
    """Return whether handler and link agree on a default: a hook's parameter may differ."""
    if parameter.default is inspect.Parameter.empty:
        return field.default is parameters.MISSING
    return field.default is not parameters.MISSING and field.default == parameter.default
