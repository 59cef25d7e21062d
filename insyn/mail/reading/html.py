"""HTML to the text a person sees, quotes marked by ">" as in plain text. Hidden text is left out.

selectolax (Lexbor) reads the HTML as browsers do; what is visible is decided from `style` attributes, `<style>` rules
outside media queries, old colour attributes and `hidden`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

MAX_OPEN_TAGS = 1_000  # reading takes a time that grows with the square of what is open at once
MAX_NODES = 60_000
MAX_RULES = 200
MAX_QUOTE_DEPTH = 20

_UNSEEN = frozenset(
    [
        "script",
        "style",
        "head",
        "title",
        "template",
        "noscript",
        "svg",
        "object",
        "iframe",
        "audio",
        "video",
        "canvas",
        "map",
        "select",
        "datalist",
        "meta",
        "link",
    ]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
        "body",
    ]
)
_PARAGRAPHS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "table", "pre"])
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,20})")
_NEVER_OPEN = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "td",
        "th",
        "tr",
        "tbody",
        "dd",
        "dt",
        "option",
    ]
)
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
_SIGNATURE_MARK = re.compile(
    r"gmail_signature|moz-signature|ms-outlook-mobile-signature|(?:^|\s)signature(?:$|\s)", re.I
)
_ZERO = r"0*(?:\.0+)?(?:px|pt|em|rem|%|ex|in|cm|mm)?"
_HIDING = re.compile(
    rf"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all|opacity\s*:\s*0*(?:\.0+)?\s*(?:;|$|!)"
    rf"|font-size\s*:\s*(?:{_ZERO}|0*1(?:\.0+)?(?:px|pt))\s*(?:;|$|!)"
    rf"|(?:max-)?(?:height|width)\s*:\s*{_ZERO}\s*(?:;|$|!)(?=.*overflow\s*:\s*hidden)"
    rf"|overflow\s*:\s*hidden(?=.*(?:max-)?(?:height|width)\s*:\s*{_ZERO}\s*(?:;|$|!))"
    r"|text-indent\s*:\s*-\d{3,}|(?:left|top|right)\s*:\s*-\d{3,}|clip\s*:\s*rect\(\s*0",
    re.IGNORECASE,
)
_RULE = re.compile(r"([^{}]{1,400})\{([^{}]{0,2000})\}")
_AT_BLOCK = re.compile(r"@[a-z-]+[^{};]{0,400}\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", re.IGNORECASE)
_COLOUR = re.compile(r"(?:^|;)\s*color\s*:\s*([^;!]+)", re.IGNORECASE)
_BACKGROUND = re.compile(r"(?:^|;)\s*background(?:-color)?\s*:\s*([^;!]+)", re.IGNORECASE)
_IMAGE = re.compile(r"url\s*\(|gradient", re.IGNORECASE)
_NAMED = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
    "whitesmoke": (245, 245, 245),
    "ghostwhite": (248, 248, 255),
    "floralwhite": (255, 250, 240),
    "gray": (128, 128, 128),
    "red": (255, 0, 0),
    "blue": (0, 0, 255),
    "green": (0, 128, 0),
    "navy": (0, 0, 128),
    "yellow": (255, 255, 0),
}
_SAME_COLOUR = 16  # at most this far apart in each of red, green and blue
Colour = tuple[int, int, int]
_TRANSPARENT = re.compile(r"transparent|rgba\([^)]*,\s*0(?:\.0+)?\s*\)|#[0-9a-f]{6}00\b", re.IGNORECASE)


@dataclass(frozen=True)
class Seen:
    """The visible text of an HTML body, and whether something in it was hidden, cut off, or nested beyond reading."""

    text: str
    hidden: bool = False
    truncated: bool = False
    overnested: bool = False  # then the text is all there is between the tags, seen or not


@dataclass(frozen=True)
class _Look:
    colour: Colour | None = (0, 0, 0)
    background: Colour | None = (255, 255, 255)  # None: a picture, or nothing one can tell
    quotes: int = 0
    preformatted: bool = False


def visible_text(html: str) -> Seen:
    """The text a reader would see. Never raises; looks at no more than `MAX_NODES` nodes."""
    truncated = False
    html = html.replace("\x00", "")
    if _overnested(html):
        return Seen(unescape(_ANY_TAG.sub("\n", html)).strip(), truncated=truncated, overnested=True)
    parser = LexborHTMLParser(html)
    hidden = _drop_hidden_by_rules(parser)
    writer = _Writer()
    body = parser.body
    if body is None:
        return Seen("", hidden, truncated)
    # Depth first with a stack of our own: a mail can nest deeper than Python may call.
    stack: list[tuple[LexborNode | str, _Look]] = [(body, _Look())]
    nodes = 0
    while stack:
        item, look = stack.pop()
        if isinstance(item, str):
            writer.close(item)
            continue
        nodes += 1
        if nodes > MAX_NODES:
            truncated = True
            break
        tag = item.tag or ""
        if tag == "-text":
            if look.colour is not None and look.background is not None and _same(look.colour, look.background):
                hidden |= bool((item.text_content or "").strip())
            else:
                writer.write(item.text_content or "", look)
            continue
        if tag.startswith(("-", "!", "#")) or tag in _UNSEEN:
            continue
        attributes = item.attributes
        if _is_hidden(attributes):
            hidden = True
            continue
        inner = _look(tag, attributes, look)
        writer.open(tag, attributes, inner)
        stack.append((tag, look))
        children = []
        child = item.child
        while child is not None:
            children.append(child)
            child = child.next
        stack.extend((each, inner) for each in reversed(children))
    return Seen(writer.finished(), hidden, truncated)


def _overnested(html: str) -> bool:
    """Whether more tags are open at once than any mail program writes."""
    opened: dict[str, int] = {}
    total = 0
    for found in _TAG.finditer(html):
        tag = found[2].lower()
        if tag in _NEVER_OPEN:
            continue
        count = opened.get(tag, 0)
        if not found[1]:
            opened[tag] = count + 1
            total += 1
            if total > MAX_OPEN_TAGS:
                return True
        elif count:
            opened[tag] = count - 1
            total -= 1
    return False


class _Writer:
    """Lines of text with their quote depth."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, str]] = []
        self._current: list[str] = []
        self._depth = 0

    def write(self, text: str, look: _Look) -> None:
        if look.quotes != self._depth:
            self._end_line()
            self._depth = look.quotes
        if look.preformatted:
            first, *others = text.split("\n")
            self._current.append(first)
            for other in others:
                self._end_line(keep_empty=True)
                self._current.append(other)
            return
        squeezed = re.sub(r"[ \t\r\n\f]+", " ", text)
        if squeezed.strip() or (squeezed and self._current):
            self._current.append(squeezed)

    def open(self, tag: str, attributes: dict[str, str | None], look: _Look) -> None:
        if tag == "br":
            self._end_line(keep_empty=True)
            return
        if tag in _BLOCKS:
            self._end_line()
            self._depth = look.quotes
            if tag in _PARAGRAPHS:
                self._blank()
        elif tag in ("td", "th") and self._current:
            self._current.append(" ")
        if tag == "hr":
            self._lines.append((look.quotes, "_" * 32))
        elif tag == "li":
            self._current.append("- ")
        elif tag == "img" and (alt := (attributes.get("alt") or "").strip()) and len(alt) < 8 and not alt.isascii():
            self._current.append(alt)  # an emoji
        if tag not in ("body", "html") and not look.quotes and _is_signature(attributes):
            self._end_line()
            self._lines.append((0, "-- "))

    def close(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end_line()
            if tag in _PARAGRAPHS:
                self._blank()

    def finished(self) -> str:
        self._end_line()
        rows: list[str] = []
        for depth, line in self._lines:
            marked = f"{'>' * depth} {line}".rstrip() if depth else line
            if not line and rows and not rows[-1].strip("> "):
                continue
            rows.append(marked)
        return "\n".join(rows).strip("\n")

    def _blank(self) -> None:
        if self._lines and self._lines[-1][1]:
            self._lines.append((self._depth, ""))

    def _end_line(self, *, keep_empty: bool = False) -> None:
        line = "".join(self._current)
        self._current.clear()
        line = line.strip() if line != "-- " else line
        if line or keep_empty:
            self._lines.append((self._depth, line))


def _is_signature(attributes: dict[str, str | None]) -> bool:
    return any(_SIGNATURE_MARK.search(attributes.get(name) or "") for name in ("class", "id"))


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    if not attributes:
        return False
    if "hidden" in attributes and (attributes["hidden"] or "").lower() != "until-found":
        return True
    style = attributes.get("style")
    return bool(style) and _HIDING.search((style or "")[:2_000]) is not None


def _look(tag: str, attributes: dict[str, str | None], outer: _Look) -> _Look:
    colour, background, quotes = outer.colour, outer.background, outer.quotes
    if attributes:
        style = (attributes.get("style") or "")[:2_000]
        if attributes.get("background"):
            background = None
        if attributes.get("bgcolor"):
            background = _colour(attributes["bgcolor"] or "")
        if tag in ("font", "body") and (attributes.get("color") or attributes.get("text")):
            colour = _colour(attributes.get("color") or attributes.get("text") or "")
        if found := _COLOUR.search(style):
            colour = _colour(found[1])
        if found := _BACKGROUND.search(style):
            if _IMAGE.search(found[1]):
                background = None
            elif not _TRANSPARENT.search(found[1]) and found[1].strip().lower() not in ("none", "inherit", "initial"):
                background = _colour(found[1])
    if tag == "blockquote" and quotes < MAX_QUOTE_DEPTH and not _is_indent_only(attributes):
        quotes += 1
    return _Look(colour, background, quotes, outer.preformatted or tag == "pre")


def _is_indent_only(attributes: dict[str, str | None]) -> bool:
    """Whether a blockquote only moves its text to the right, as Outlook's and webmails' indent button does."""
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return "border:none" in style and ("padding:0" in style) and not attributes.get("type")


def _colour(text: str) -> Colour | None:
    text = text.strip().lower()
    text = text.split()[0] if text and not text.startswith("rgb") else text
    if text in _NAMED:
        return _NAMED[text]
    digits = text.removeprefix("#")
    if re.fullmatch(r"[0-9a-f]{3,4}", digits):
        return (int(digits[0] * 2, 16), int(digits[1] * 2, 16), int(digits[2] * 2, 16))
    if re.fullmatch(r"[0-9a-f]{6}(?:[0-9a-f]{2})?", digits):
        return (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16))
    numbers = re.match(r"rgba?\(\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*[, ]\s*(\d{1,3})", text)
    return (int(numbers[1]), int(numbers[2]), int(numbers[3])) if numbers else None


def _same(one: Colour, other: Colour) -> bool:
    return all(abs(a - b) <= _SAME_COLOUR for a, b in zip(one, other, strict=True))


def _drop_hidden_by_rules(parser: LexborHTMLParser) -> bool:
    """Takes out what `<style>` rules hide; rules within @media and the like are for other screens than the reader's."""
    dropped = False
    rules = 0
    for sheet in parser.css("style"):
        css = re.sub(r"/\*.*?\*/", "", sheet.text()[:200_000], flags=re.DOTALL)
        for rule in _RULE.finditer(_AT_BLOCK.sub("", css)):
            if not _HIDING.search(rule[2]):
                continue
            rules += 1
            if rules > MAX_RULES:
                return dropped
            selector = rule[1].strip().removeprefix("<!--").strip()
            if not selector or ":" in selector or selector.lower() in ("body", "html", "*"):
                continue
            try:
                for node in parser.css(selector):
                    if node.tag not in ("body", "html"):
                        node.decompose()
                        dropped = True
            except SelectolaxError:  # a selector Lexbor does not know
                continue
    return dropped
