"""Markdown as agents write it becomes HTML, and nothing of it becomes more than text."""

from __future__ import annotations

import pytest

from cass.render.markdown_html import html_of

REL = 'rel="noopener noreferrer nofollow"'


@pytest.mark.parametrize(
    "text, html",
    [
        ("a\nb\n\nc", "<p>a\nb</p>\n<p>c</p>"),
        ("## Plan ##", "<h4>Plan</h4>"),
        ("***", "<hr>"),
        ("see `a < b` and *this*", "<p>see <code>a &lt; b</code> and <em>this</em></p>"),
        ("**a `b`** c", "<p><strong>a <code>b</code></strong> c</p>"),
        ("2 * 3 * 4 and snake_case_name", "<p>2 * 3 * 4 and snake_case_name</p>"),
        ("- a\n  - b\n- c", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
        ("- a\n1. b", "<ul><li>a</li></ul><ol><li>b</li></ol>"),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("> a\n> > b", "<blockquote><p>a</p>\n<blockquote><p>b</p></blockquote></blockquote>"),
        (
            "| a | b |\n|---|:-:|\n| 1 | `2` |",
            "<div class=wide><table><thead><tr><th>a</th><th>b</th></tr></thead>"
            "<tbody><tr><td>1</td><td><code>2</code></td></tr></tbody></table></div>",
        ),
        ("", ""),
    ],
)
def test_what_agents_write(text: str, html: str):
    assert html_of(text) == html


def test_code_keeps_every_character():
    """A fence inside a list loses the list's indent; one that is never closed ends with the text."""
    fenced = "1. so:\n   ```py\n   if a:\n       b\n   ```\n2. then\n~~~~\n**x**\n```\n<b>"

    assert html_of(fenced) == (
        "<ol><li>so:</li></ol>\n"
        '<pre data-language="py"><code>if a:\n    b</code></pre>\n'
        '<ol start="2"><li>then</li></ol>\n'
        "<pre><code>**x**\n```\n&lt;b&gt;</code></pre>"
    )


def test_links_lead_to_the_web_alone():
    """A picture is a link, and no other address is one."""
    assert html_of("[a](https://example.org/?x=1&y) ![p](http://example.org/p.png)") == (
        f'<p><a href="https://example.org/?x=1&amp;y" {REL}>a</a> <a href="http://example.org/p.png" {REL}>p</a></p>'
    )
    assert html_of("at https://example.org/a.") == (
        f'<p>at <a href="https://example.org/a" {REL}>https://example.org/a</a>.</p>'
    )
    assert "<a " not in html_of("[a](javascript:alert(1)) [b](data:text/html,x) [c](file:///etc/passwd)")


def test_hostile_text_stays_text():
    said = html_of('<script>alert(1)</script>\n\n```"><img src=x>\n</code></pre><img src=x onerror=y>\n```\n**<b>**')

    assert "<script" not in said and "<img" not in said
    assert "&lt;script&gt;" in said and "<strong>&lt;b&gt;</strong>" in said


@pytest.mark.parametrize(
    "text", ["`" * 20_000, "[" * 20_000, "> " * 20_000, "**a" * 9_000, "|" * 20_000, "```" + " " * 20_000 + "`"]
)
def test_no_text_is_too_much(text: str):
    """Nothing is lost of it, either."""
    assert len(html_of(text)) > 0


def test_lists_within_lists_without_end():
    assert html_of("\n".join(" " * at + "- a" for at in range(0, 3000, 2))).count("</ul>") == 1500
