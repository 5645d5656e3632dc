# SPDX-License-Identifier: MIT
"""Sphinx: `make docs` turns these pages, copied to build/docs-src, into
HTML in build/docs, offline."""
import re

from pygments.lexers.special import TextLexer

project = "SecOS"
author = "the SecOS authors"
extensions = ["myst_parser"]
root_doc = "index"
html_theme = "furo"
html_title = "SecOS"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["secos.css"]
highlight_language = "none"  # a block without a word is a drawing
exclude_patterns = ["conf.py", "README.md"]
myst_heading_anchors = 3
# Pages name files of the tree in backticks; the few links that lead out of
# docs/ are for readers of the repository.
suppress_warnings = ["ref.myst", "myst.ref", "myst.xref_missing", "myst.header", "toc.not_readable"]


class SessionLexer(TextLexer):
    """What one types and sees at `secos$ `: shown as it is."""

    name = "secos"
    aliases = ["secos"]


def for_readers(_app, _name, text):
    """What a reader of the repository needs and a reader of the book does not: the labs'
    texts stand beside their checkers (`make docs` copies them and CONTRIBUTING.md), a link
    that shows a file's name shows its title, and README.md is the first page."""
    text[0] = re.sub(r"\.\./labs/(\d+-\w+)/README\.md", r"labs/\1.md", text[0])
    text[0] = re.sub(r"\[README\.md\]\(README\.md#([\w-]+)\)", r'<a href="index.html#\1">the first page</a>', text[0])
    text[0] = re.sub(r"\[(\w+\.md)\]\(((\.\./)?\1)\)", r"[](\2)", text[0])


def setup(app):
    app.add_lexer("secos", SessionLexer)
    app.connect("source-read", for_readers)
    return {"parallel_read_safe": True}
