"""The handout: one notebook as one HTML file to print, with its text, formulas, pictures, what its cells showed, and the
exercises with room to answer. No code but that of the exercises, no script, and nothing is fetched: it opens anywhere.

Formulas are drawn by `formulas.py`, which needs ziamath; Markdown is read by nbconvert, which comes with JupyterLab.
"""

import base64
import html
import re

from formulas import svg
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

STYLE = """
body { max-width: 44em; margin: 2em auto; padding: 0 1em; color: #111; background: #fff;
  font: 11pt/1.45 Georgia, "DejaVu Serif", serif }
h1, h2, h3 { line-height: 1.2; break-after: avoid }
img { max-width: 100%; height: auto }
pre { font: 9pt/1.4 "DejaVu Sans Mono", Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
table { border-collapse: collapse; margin: 1em 0 }
th, td { border: 1px solid #888; padding: .3em .6em; vertical-align: top; text-align: left }
svg.formula { overflow: visible; max-width: 100% }
.formula-line { text-align: center; margin: .8em 0 }
.shown { margin: .8em 0; padding-left: .8em; border-left: 2px solid #999; break-inside: avoid }
.asked { break-inside: avoid }
.room { height: 15em; border: 1px solid #888; print-color-adjust: exact; -webkit-print-color-adjust: exact;
  background: repeating-linear-gradient(#fff 0 calc(1.5em - 1px), #bbb calc(1.5em - 1px) 1.5em) }
@media print { body { margin: 0; max-width: none } a { color: inherit; text-decoration: none } }
@page { margin: 18mm }
"""
ROOM = '<div class="room" role="img" aria-label="room to answer"></div>'


class _Renderer(IPythonRenderer):
    """HTML of a Markdown cell, with its formulas drawn."""

    def inline_math(self, body: str) -> str:
        return svg(body, inline=True)

    def block_math(self, body: str) -> str:
        return f'<div class="formula-line">{svg(body, inline=False)}</div>'

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")


def page(notebook: NotebookNode) -> str:
    """Return the HTML file of a notebook as it is stored: student's cells, with outputs."""
    title = re.search(r"^# (.+)$", notebook.cells[0].source, re.MULTILINE)
    body = "\n".join(filter(None, map(_cell, notebook.cells)))
    return (f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title[1] if title else "")}'
            f"</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n")


def _cell(cell: NotebookNode) -> str:
    """Text as text; an exercise as its gap and room; a check as nothing; other code as what it showed."""
    kinds = {tag.split("-")[0] for tag in cell.metadata.get("tags", [])}
    if cell.cell_type == "markdown":
        return _markdown(cell.source)
    if "exercise" in kinds:
        return f'<div class="asked"><pre>{html.escape(cell.source)}</pre>{ROOM}</div>'
    shown = "" if "check" in kinds else "\n".join(filter(None, map(_output, cell.get("outputs", []))))
    return shown and f'<div class="shown">{shown}</div>'


def _markdown(source: str) -> str:
    return MarkdownWithMath(renderer=_Renderer(escape=False, exclude_anchor_links=True)).render(source)


def _output(output: NotebookNode) -> str:
    """One output in its richest static form: picture, page, formula or words; "" for stderr."""
    data = output.get("data", {})
    if output.get("name") == "stderr":
        return ""
    if "image/png" in data:
        alt = output.metadata.get("image/png", {}).get("alt") or data.get("text/plain", "")
        picture = base64.b64encode(base64.b64decode(data["image/png"])).decode()      # in one line
        return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{picture}">'
    if "text/html" in data:
        return data["text/html"]
    if "text/latex" in data:
        return _markdown(data["text/latex"])
    return f"<pre>{html.escape(output.get('text') or data.get('text/plain', ''))}</pre>"
