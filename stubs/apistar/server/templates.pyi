from collections.abc import Sequence
from typing import Any

import jinja2 as jinja2

class BaseTemplates:
    def render_template(self, path: str, **context: Any) -> str: ...

class Templates(BaseTemplates):
    env: jinja2.Environment
    def __init__(
        self,
        template_dir: str | None = ...,
        packages: Sequence[str] | None = ...,
        global_context: dict[str, Any] | None = ...,
    ) -> None: ...
