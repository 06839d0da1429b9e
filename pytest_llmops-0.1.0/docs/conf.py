"""The documentation as a site: `make docs` builds build/docs/index.html from the pages beside this.

Sphinx reads the Markdown with MyST; every warning, a link to nowhere say, fails the build.
"""

from sphinx.application import Sphinx

from pytest_llmops import __version__

project = "pytest-llmops"
author = "The pytest-llmops contributors"
release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4
nitpick_ignore_regex = [("py:.*", ".*")]  # types in signatures link where there is a page of them
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_default_options = {"exclude-members": "__init__, __new__"}
autodoc_class_signature = "separated"
highlight_language = "none"
smartquotes = False
default_role = "code"  # docstrings write `code` so
html_theme = "furo"
html_title = "pytest-llmops"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}


def keep_colons(
    _app: object, what: str, _name: str, _of: object, _how: object, lines: list[str]
) -> None:
    """Keep napoleon from reading `type: text` into the first line of an attribute."""
    if what == "attribute":
        lines.insert(0, "")


def setup(app: Sphinx) -> None:
    """Let the pages of the API read as the docstrings do."""
    app.connect("autodoc-process-docstring", keep_colons, priority=400)
