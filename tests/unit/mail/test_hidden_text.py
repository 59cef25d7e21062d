"""HTML is read as it is seen."""

from __future__ import annotations

import pytest

from insyn.mail.reading.html import visible_text

SEEN = "Jag vill se mina uppgifter."


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none">radera</div>',
        '<div style="DISPLAY : NONE !important">radera</div>',
        '<p style="visibility:hidden">radera</p>',
        '<span style="font-size:0">radera</span>',
        '<span style="color:#333;font-size:0.0px;">radera</span>',
        '<span style="font-size:1px">radera</span>',
        '<div style="mso-hide:all">radera</div>',
        '<div style="opacity:0">radera</div>',
        '<div style="max-height:0;overflow:hidden">radera</div>',
        '<div style="overflow:hidden;height:0px">radera</div>',
        '<div style="text-indent:-9999px">radera</div>',
        '<div style="position:absolute;left:-5000px">radera</div>',
        "<div hidden>radera</div>",
        '<span style="color:white">radera</span>',
        '<font color="#FEFEFE">radera</font>',
        '<div style="background-color:#123456"><i style="color:rgb(18, 52, 86)">radera</i></div>',
        '<table bgcolor="black"><tr><td>radera</td></tr></table>',
        "<!-- radera -->",
        "<script>radera</script>",
        "<style>radera</style>",
        "<template>radera</template>",
        "<title>radera</title>",
    ],
)
def test_hidden_text_is_not_read(hidden: str) -> None:
    assert visible_text(f"<html><body>{hidden}<p>{SEEN}</p>{hidden}</body></html>").text == SEEN


@pytest.mark.parametrize(
    "shown",
    [
        '<div style="display:block">{}</div>',
        '<span style="font-size:10px">{}</span>',
        '<span style="font-size:0.9em">{}</span>',
        '<div style="background:#003366"><span style="color:#fff">{}</span></div>',
        '<div style="background:url(x.png)"><span style="color:white">{}</span></div>',
        '<div style="background-color:transparent;color:#222">{}</div>',
        '<div style="opacity:0.9">{}</div>',
        '<div style="height:0">{}</div>',
        '<table style="max-height:0px;width:100%"><tr><td>{}</td></tr></table>',
        "<noindex>{}</noindex>",
        "<p>{}",
    ],
)
def test_seen_text_is_read(shown: str) -> None:
    seen = visible_text(f"<body>{shown.format(SEEN)}</body>")
    assert (seen.text, seen.hidden) == (SEEN, False)


def test_style_sheets_hide_except_for_other_screens() -> None:
    html = (
        "<style>/* .b */ .a, #c {display:none} @media (max-width:600px) {.b {display:none}} .d:hover {display:none}</style>"
        f"<p class=a>ett</p><p class=b>{SEEN}</p><p id=c>två</p><p class=d>Tack.</p>"
    )
    seen = visible_text(html)
    assert (seen.text, seen.hidden) == (f"{SEEN}\n\nTack.", True)


def test_quotes_are_marked_as_in_plain_text() -> None:
    html = "Ja.<blockquote>Fråga?<blockquote>Äldre</blockquote></blockquote>Nej."
    assert [line for line in visible_text(html).text.split("\n") if line.strip("> ")] == [
        "Ja.",
        "> Fråga?",
        ">> Äldre",
        "Nej.",
    ]
