"""Which names of a Python module mean its top level: by value."""
# ruff: noqa: E501 - a table, one module a line

import pytest

from pytest_llmops.tasks.code.python_scopes import top_names, with_names


def outer(code):
    """The names of a text that mean the top level."""
    return sorted({one.text for one in top_names(code.encode(), "a.py")})


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("def f(a, b=B, *c, d: D = 1, **e) -> R:\n    return a, b, c, d, e, g", "B D R f g"),
        ("def f():\n    a = 1\n    b += a\n    c: int = b\n    return c.d(e=x)", "f int x"),
        ("def f():\n    global a\n    a = b", "a b f"),
        ("def f():\n    a, (b, *c) = x\n    a.y = b[z] = c", "f x z"),
        ("def f():\n    for a, b in x:\n        with y(a) as c, z as (d, e):\n            b, c, d, e", "f x y z"),
        ("def f():\n    try:\n        pass\n    except E as e:\n        e", "E f"),
        ("def f():\n    import a.b, c as d\n    from e import g, h as i\n    a, d, g, i, c, h", "c f h"),
        ("def f():\n    return [a for a, b in x if (c := b)], c, b", "b f x"),
        ("def f():\n    match x:\n        case K(a, k=b) | [c, *d] | {m.n: e, **g} as h:\n            a, b, c, d, e, g, h", "K f m x"),
        ("def f():\n    def g(a):\n        return a, b\n    return g", "b f"),
        ("def f():\n    return lambda a, b=c: (a, b, d)", "c d f"),
        ("class A(B, metaclass=M):\n    a = 1\n    b = a\n    def f(self):\n        return a, self.b", "A B M a"),
        ("@deco(x)\ndef f(): return f'{a!r:>{b}}' + 'c'", "a b deco f x"),
        ("for a in b:\n    c[a] = d\nif e:\n    g = 1", "a b c d e g"),
        ("from __future__ import annotations\nimport a.b", "a"),
        ("type A[T] = list[B]", "A B T list"),
    ],
)  # fmt: skip
def test_a_name_means_the_top_level_where_no_scope_binds_it(code, names):
    assert outer(code) == names.split()


def test_a_declaration_gets_another_name_where_it_is_meant_and_nowhere_else():
    code = """\
from a import x
import y
import z as w

def f(v, x=x):
    return x, y, w, v.y, g(y=y)

def g(y):
    global x
    x = y
    return [w for w in w]
"""
    names = {"x": "x_2", "y": "y_2", "w": "w_2"}
    assert (
        with_names(code.encode(), "a.py", names).decode()
        == """\
from a import x as x_2
import y as y_2
import z as w_2

def f(v, x=x_2):
    return x, y_2, w_2, v.y, g(y=y_2)

def g(y):
    global x_2
    x_2 = y
    return [w for w in w]
"""
    )
