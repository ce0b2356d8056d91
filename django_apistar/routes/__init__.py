"""The introspection core: every route of both frameworks, and the rule that picks one."""
