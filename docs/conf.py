# SPDX-License-Identifier: MIT
"""Sphinx: `make docs` turns these pages into HTML in build/docs, offline."""
import re

from pygments.lexers.special import TextLexer

project = "SecOS"
author = "the SecOS authors"
extensions = ["myst_parser"]
root_doc = "index"
html_theme = "furo"
html_title = "SecOS"
html_copy_source = False
exclude_patterns = ["conf.py", "README.md"]
myst_heading_anchors = 3
# Pages name files of the tree in backticks; the few links that lead out of
# docs/ are for readers of the repository.
suppress_warnings = ["ref.myst", "myst.ref", "myst.xref_missing", "myst.header", "toc.not_readable"]


class SessionLexer(TextLexer):
    """What one types and sees at `secos$ `: shown as it is."""

    name = "secos"
    aliases = ["secos"]


def link_labs(_app, name, text):
    """The labs' texts stand beside their checkers; docs/labs/ includes them."""
    if not name.startswith("labs/"):
        text[0] = re.sub(r"\.\./labs/(\d+-\w+)/README\.md", r"labs/\1.rst", text[0])


def setup(app):
    app.add_lexer("secos", SessionLexer)
    app.connect("source-read", link_labs)
    return {"parallel_read_safe": True}
