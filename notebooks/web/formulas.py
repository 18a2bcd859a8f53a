"""A Sphinx extension that sets formulas as SVG while the site is built: no script, no font, no request in the page."""

import xml.etree.ElementTree as ET
from typing import Any

import ziamath
from docutils import nodes

SIZE = 18.0                               # of the letters, in the units of the drawing; the page scales it to its text
ziamath.config.svg2 = False               # paths instead of symbols: a page then has no id twice


def svg(tex: str, *, inline: bool) -> str:
    """Return one formula as an SVG element in the colour of the text around it, named by its source."""
    drawn = ziamath.Latex(tex.strip(), inline=inline, size=SIZE, color="currentColor").svgxml()
    _, top, width, height = map(float, drawn.attrib["viewBox"].split())
    drawn.attrib |= {"role": "img", "aria-label": " ".join(tex.split()), "class": "formula",
                     "style": f"width:{width / SIZE:.3f}em;height:{height / SIZE:.3f}em;"
                              f"vertical-align:{-(top + height) / SIZE:.3f}em"}
    del drawn.attrib["width"], drawn.attrib["height"]
    return ET.tostring(drawn, encoding="unicode")


def visit_inline(translator: Any, node: nodes.Node) -> None:
    translator.body.append(svg(node.astext(), inline=True))
    raise nodes.SkipNode


def visit_display(translator: Any, node: nodes.Node) -> None:
    translator.body.append(f'<div class="formula-line">{svg(node.astext(), inline=False)}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> dict:
    """Register the renderer under the name "svg"."""
    app.add_html_math_renderer("svg", (visit_inline, None), (visit_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
