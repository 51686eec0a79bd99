"""HTML that a notebook brings: parsed as browsers do, and written from a list of what may stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import nh3
import tinycss2
from bs4 import BeautifulSoup, Tag

from ..checks import short


def _words(text: str) -> set[str]:
    return set(text.split())


_MATHML = _words(
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover "
    "munderover mmultiscripts mprescripts mtable mtr mtd mstyle mpadded mphantom merror"
)
_SVG = _words(
    "svg g defs symbol use path rect circle ellipse line polyline polygon text tspan textPath "
    "image marker pattern clipPath mask linearGradient radialGradient stop desc filter "
    "feBlend feColorMatrix feComposite feFlood feGaussianBlur feMerge feMergeNode feOffset"
)
_TAGS = (
    _words(
        "a abbr acronym address article aside audio b bdi bdo big blockquote br caption center "
        "cite code col colgroup dd del details dfn div dl dt em figcaption figure font footer "
        "h1 h2 h3 h4 h5 h6 header hgroup hr i img input ins kbd label li mark menu meter nav "
        "ol p picture pre progress q rp rt ruby s samp section small source span strike strong "
        "sub summary sup table tbody td tfoot th thead time tr tt u ul var video wbr"
    )
    | _MATHML
    | _SVG
)
_LOWER = {name.lower() for name in _TAGS}
# What a browser hides, loads or runs. Its text is no text of the page.
_SILENT = _words(
    "script style template title head noembed noframes object embed iframe frame applet"
)
# What a page may not have, and what it says of it.
_NEEDS = _words(
    "script object embed link base meta template frame frameset applet portal form textarea "
    "select button noscript xmp plaintext iframe"
)
_LOST = {f"<{name}>" for name in _words("script object embed link base meta iframe")}
_LOST |= {"style that loads a file", "<style> that loads a file"}
_GENERAL = _words("align class dir height hidden id lang role style title valign width bgcolor")
_ATTRIBUTES: dict[str, set[str]] = {
    "*": _GENERAL,
    "a": _words("href download hreflang"),
    "audio": _words("controls loop muted src"),
    "video": _words("controls loop muted src poster playsinline"),
    "source": _words("src type"),
    "img": _words("src alt"),
    "input": _words("checked disabled"),
    "label": {"for"},
    "ol": _words("start reversed type"),
    "ul": {"type"},
    "li": {"value"},
    "details": {"open"},
    "font": _words("color face size"),
    "col": {"span"},
    "colgroup": {"span"},
    "table": _words("border cellpadding cellspacing rules frame summary"),
    "td": _words("colspan rowspan headers"),
    "th": _words("colspan rowspan headers scope abbr"),
    "time": {"datetime"},
    "meter": _words("value min max low high optimum"),
    "progress": _words("value max"),
    **dict.fromkeys(
        _MATHML,
        _words(
            "display displaystyle scriptlevel mathvariant mathcolor mathbackground mathsize "
            "stretchy symmetric largeop movablelimits fence separator form accent accentunder "
            "linethickness lspace rspace minsize maxsize depth voffset columnspan rowspan "
            "alttext"
        ),
    ),
    **dict.fromkeys(
        _SVG,
        _words(
            "x y x1 x2 y1 y2 cx cy r rx ry fx fy d dx dy points transform viewBox version fill "
            "fill-opacity fill-rule stroke stroke-width stroke-dasharray stroke-dashoffset "
            "opacity stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity color "
            "clip-path clip-rule mask filter marker-start marker-mid marker-end markerWidth "
            "markerHeight markerUnits refX refY orient offset stop-color stop-opacity "
            "gradientUnits gradientTransform spreadMethod patternUnits patternContentUnits "
            "patternTransform clipPathUnits maskUnits preserveAspectRatio text-anchor "
            "dominant-baseline alignment-baseline font-family font-size font-style font-weight "
            "letter-spacing textLength lengthAdjust rotate startOffset visibility display "
            "overflow vector-effect shape-rendering text-rendering href xlink:href in in2 "
            "result stdDeviation values type mode operator k1 k2 k3 k4 flood-color flood- "
            "opacity"
        ),
    ),
}
_SCHEMES = _words("http https mailto tel data")
# Names that the page itself uses: nothing else may answer to them.
_OWN_CLASS = re.compile(r"softmax-temperature.*|contents|page|bar|slider|skip|lessons|held")
_OWN_ID = re.compile(r"main|cell-\d+|slider-.*|softmax-temperature.*")
_LOADING = _words("url src image image-set -webkit-image-set cross-fade element")


def parse(html: str) -> BeautifulSoup:
    """Return HTML as a browser sees it, with all that is in it."""
    names = {element.name for element in BeautifulSoup(html, "html.parser").find_all(True)}
    return BeautifulSoup(
        nh3.clean(
            html,
            tags=_TAGS | _NEEDS | _SILENT | names,
            clean_content_tags=set(),
            attributes={},
            generic_attribute_prefixes={""},
            url_schemes=_SCHEMES | {"attachment", "javascript", "file", "blob", "ftp"},
            link_rel=None,
        ),
        "html.parser",
    )


def needs(html: str) -> list[str]:
    """Return what HTML cannot do without, and a page without requests and other scripts has not."""
    return [what for _, what in _unfit(parse(html)) if what in _LOST or what.startswith("on")]


def harmless(
    html: str,
    embedded: Callable[[str], str | None],
    warn: Callable[[str], None],
    scope: Callable[[], int],
) -> str:
    """Return HTML with what a page may have, whole where it ends before its elements do.

    Parameters
    ----------
    html : str
        What a notebook brings.
    embedded : callable
        Returns the data of a picture, a sound or a film by its address, or nothing.
    warn : callable
        Is told of all that is left out.
    scope : callable
        Returns the number of the element in which the styles of this HTML, if any, hold.
    """
    soup = parse(html)
    for element, what in list(_unfit(soup)):
        if element.decomposed:
            continue
        warn(f"has {what}, which is left out")
        attribute = what.split()[0]
        if attribute in element.attrs:
            # What a style has beside what it must not have stays.
            if attribute != "style":
                del element[attribute]
        elif element.name in _SILENT - {"style"} or not element.contents:
            element.decompose()
    for anchor in soup.select("a[name]:not([id])"):
        anchor["id"] = anchor["name"]
    for shown in soup.select("img, audio, video, source, iframe"):
        if not shown.decomposed:
            _embed(soup, shown, embedded, warn)
    selector = f'[data-scope="{scope()}"]' if soup.style else ""
    styles = "".join(_scoped(element, selector, warn) for element in soup.select("style"))
    clean = nh3.clean(
        str(soup),
        tags=_TAGS,
        clean_content_tags=_SILENT,
        attributes=_ATTRIBUTES,
        attribute_filter=_filter,
        generic_attribute_prefixes={"aria-"},
        tag_attribute_values={"input": {"type": {"checkbox", "radio"}}},
        url_schemes=_SCHEMES,
        link_rel=None,
    )
    if not styles:
        return clean
    return f"<div {selector[1:-1]}><style>{styles}</style>{clean}</div>"


def _unfit(soup: BeautifulSoup) -> Iterator[tuple[Tag, str]]:
    """Find what a page must not have, or could not show."""
    for element in list(soup.find_all(True)):
        name = element.name
        framed = name == "iframe" and not re.match(r"(https?:)?//", str(element.get("src", "")))
        if framed or name in _NEEDS - {"iframe"} or name not in _LOWER | _SILENT:
            yield element, f"<{name}>"
        if name == "input" and element.get("type") not in ("checkbox", "radio"):
            yield element, "<input>"
        for attribute, value in list(element.attrs.items()):
            if attribute.startswith("on"):
                yield element, attribute
            elif attribute == "style" and (lost := _declarations(str(value))[1]):
                yield element, f"style that {lost}"
            elif attribute in ("href", "xlink:href") and _leads_astray(name, str(value)):
                yield element, attribute
        if name == "style" and _loads(tinycss2.parse_component_value_list(element.get_text())):
            yield element, "<style> that loads a file"


def _leads_astray(tag: str, address: str) -> bool:
    scheme = urlsplit(re.sub(r"[\x00-\x20]", "", address)).scheme.lower()
    if tag == "a":
        return bool(scheme) and scheme not in _SCHEMES
    return not address.startswith(("#", "data:image/"))


def _embed(
    soup: BeautifulSoup,
    shown: Tag,
    embedded: Callable[[str], str | None],
    warn: Callable[[str], None],
) -> None:
    """Put what an element shows into the page, or in its place a link to it or its name."""
    if not str(shown.get("poster", "data:")).startswith("data:"):
        del shown["poster"]
    if not shown.has_attr("src") and (shown.name not in ("img", "iframe")):
        return
    source = str(shown.get("src", ""))
    data = source if source.startswith("data:") else embedded(source)
    if data and shown.name != "iframe":
        shown["src"] = data
        return
    player = shown.parent if shown.name == "source" and shown.parent else shown
    name = str(shown.get("alt") or shown.get("title") or source)
    if re.match(r"[a-z]+:", source, re.IGNORECASE) and not shown.find_parent("a"):
        warn(f"shows {short(source)}, which the page only links to")
        link = soup.new_tag("a", href=source)
        link.string = name
        player.replace_with(link)
    else:
        warn(f"shows {short(source)}, of which the page has only the name")
        player.replace_with(name)


def _filter(tag: str, name: str, value: str) -> str | None:
    """Return the value of an attribute, without what belongs to the page itself."""
    if name == "style":
        return _declarations(value)[0] or None
    if name == "class":
        kept = [part for part in value.split() if not _OWN_CLASS.fullmatch(part)]
        return " ".join(kept) or None
    if name == "id":
        return None if _OWN_ID.fullmatch(value) else value
    if name in ("src", "poster") and not value.startswith("data:"):
        return None
    if name in ("href", "xlink:href") and _leads_astray(tag, value):
        return None
    if tag in _SVG and "(" in value and _loads(tinycss2.parse_component_value_list(value)):
        return None
    return value


def _declarations(style: str) -> tuple[str, str]:
    """Return the declarations that load nothing and stay in place, and what others would do."""
    kept, lost = [], ""
    for item in tinycss2.parse_declaration_list(style, skip_comments=True, skip_whitespace=True):
        if item.type != "declaration":
            continue
        fixed = item.lower_name == "position" and "fixed" in tinycss2.serialize(item.value).lower()
        if fixed or _loads(item.value):
            lost = "leaves its place" if fixed else "loads a file"
        elif not any(token.type == "error" for token in item.value):
            kept.append(_escaped(item.serialize()))
    return "; ".join(kept), lost


def _loads(tokens: list[Any]) -> bool:
    """Return whether a style asks for a file."""
    for token in tokens:
        if token.type == "url" and not token.value.startswith(("data:", "#")):
            return True
        if token.type == "at-keyword" and token.lower_value == "import":
            return True
        if token.type == "function":
            if token.lower_name in _LOADING and not all(
                part.value.startswith(("data:", "#"))
                for part in token.arguments
                if part.type == "string"
            ):
                return True
            if _loads(token.arguments):
                return True
        elif token.type.endswith(" block") and _loads(token.content):
            return True
    return False


def _scoped(element: Tag, scope: str, warn: Callable[[str], None]) -> str:
    """Return a style sheet that holds within an element alone, and take it out of its place."""
    rules = tinycss2.parse_stylesheet(element.get_text(), skip_comments=True, skip_whitespace=True)
    element.extract()
    return _rules(rules, scope, warn)


def _rules(rules: list[Any], scope: str, warn: Callable[[str], None]) -> str:
    text = ""
    for rule in rules:
        if (
            rule.type == "at-rule"
            and rule.lower_at_keyword in ("media", "supports")
            and rule.content
        ):
            inside = tinycss2.parse_rule_list(
                rule.content, skip_comments=True, skip_whitespace=True
            )
            condition = tinycss2.serialize(rule.prelude)
            if not re.search(r"[<{}]", condition):
                text += f"@{rule.lower_at_keyword} {condition}{{{_rules(inside, scope, warn)}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword != "import":
            warn(f"has <style> with @{rule.lower_at_keyword}, which is left out")
        elif rule.type == "qualified-rule":
            selectors = [_selector(part, scope) for part in _split(rule.prelude)]
            if not all(selectors):
                warn("has <style> for what is not its own, which is left out")
            style, lost = _declarations(tinycss2.serialize(rule.content))
            if lost:
                warn(f"has <style> that {lost}, which is left out")
            if style and any(selectors):
                text += f"{', '.join(filter(None, selectors))} {{{style}}}\n"
    return text


def _split(tokens: list[Any]) -> list[list[Any]]:
    """Return the selectors of a list."""
    parts: list[list[Any]] = [[]]
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _selector(tokens: list[Any], scope: str) -> str:
    """Return a selector that finds elements within another one alone, or nothing."""
    text = tinycss2.serialize(tokens).strip()
    if not text or text[0] in ">+~|&" or any(token.type == "error" for token in tokens):
        return ""
    if text.lower() in ("html", "body", ":root"):
        return scope
    return f"{scope} {_escaped(text)}"


def _escaped(css: str) -> str:
    # Nothing in a style ends its element.
    return css.replace("<", r"\3c ")
