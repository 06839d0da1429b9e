"""What the parameters of a function bind, for telling whether two functions have the same."""

from functools import lru_cache

from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.syntax import text_of


@lru_cache(maxsize=1024)
def parameter_patterns(parameters: str) -> tuple[str, ...]:
    """List what each parameter binds, and its default, types and spaces left out.

    Args:
        parameters: Parameters with their parentheses.
    """
    root = parse(f"function _{parameters} {{}}".encode(), "")
    function = root.named_children[0] if root.named_child_count else root
    holder = function.child_by_field_name("parameters")
    patterns = []
    for one in holder.named_children if holder else ():
        pattern = text_of(one.child_by_field_name("pattern"))
        default = text_of(one.child_by_field_name("value"))
        if pattern and pattern != "this":
            patterns.append("".join(f"{pattern}={default}".rstrip("=").split()))
    return tuple(patterns)
