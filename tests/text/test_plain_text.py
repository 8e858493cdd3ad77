"""Ordinary pages become a title and sentences that can stand alone; their words stay as they
were.
"""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftrag_helpers.text.plain_text import READERS, plain, words_of
from ftrag_helpers.text.sentences import split_sentences


@pytest.mark.parametrize(
    "text, title, body",
    [
        ("# Water\n\nNo hoses.", "Water", "No hoses."),
        ("## Water ##\n\nNo hoses.", "Water", "No hoses."),
        ("Water\n=====\nNo hoses.", "Water", "No hoses."),
        ("Water at the mill\n\nNo hoses.", "Water at the mill", "No hoses."),
        ("No hoses here.\n\nNo dogs.", "", "No hoses here.\n\nNo dogs."),
        ("- buy string\n- sell string", "", "Buy string.\n\nSell string."),
        ("Only a line", "", "Only a line."),
        (
            "An introduction first.\n\n# Water\n\nNo hoses.",
            "Water",
            "An introduction first.\n\nNo hoses.",
        ),
        ("# Nothing below", "Nothing below", ""),
        ("", "", ""),
    ],
)
def test_the_title_is_a_heading_or_a_short_first_line(text, title, body):
    assert plain(text) == (title, body)


@pytest.mark.parametrize(
    "text, body",
    [
        ("The gate\nopens at\nsix.", "The gate opens at six."),
        ("* first\n  and its end\n* second", "First and its end.\n\nSecond."),
        ("1. no dogs\n2) no fires", "(1) no dogs.\n\n(2) no fires."),
        ("Bring:\n- a fork", "Bring.\n\nA fork."),
        (
            "Read [the **rules**](rules.md) and `tools`, _please_.",
            "Read the rules and tools, please.",
        ),
        ("Keep file_name_one and 3 * 4 * 5.", "Keep file_name_one and 3 * 4 * 5."),
        ("> Quoted.\n> Twice.", "Quoted. Twice."),
        ("Before.\n\n---\n\nAfter. <!-- not this\nnor this -->", "Before.\n\nAfter."),
        ("---\ntitle: x\n---\nText.", "Text."),
        (
            "| Site | Rent |\n|---|---:|\n| Kiln | £5 |\n| Mill | |",
            "Site: Kiln; Rent: £5.\n\nSite: Mill.",
        ),
        ('He said "no."\n\nWhy?', 'He said "no."\n\nWhy?'),
    ],
)
def test_marks_go_and_words_stay(text, body):
    assert plain(f"# T\n\n{text}" if not text.startswith("---") else text)[1] == body


@pytest.mark.parametrize(
    "text, title, body",
    [
        (
            "# T\n\n```sh\n# not a title\nx = 2**3\n\nrun __init__\n```\n\nAfter.",
            "T",
            "# not a title x = 2**3.\n\nrun __init__.\n\nAfter.",
        ),
        ("~~~\n# not a title\n~~~\n\n# T\n\nText.", "T", "# not a title.\n\nText."),
        ("    # not a title\n\n# T\n\nText.", "T", "# not a title.\n\nText."),
        (
            "# T\n\n2**3 and 3**2 and 2*3*4, __init__ and _x_y_.",
            "T",
            "2**3 and 3**2 and 2*3*4, __init__ and x_y.",
        ),
        (
            "# T\n\n**Bold**ly, __two words__ and これは**重要**です。",
            "T",
            "Boldly, two words and これは重要です。",
        ),
        (
            (
                "# T\n\nSee [the](http://a.b/c_d(e)) ![map *one*](m.png) <http://x.y>"
                " [ref][1].\n\n[1]: http://z"
            ),
            "T",
            "See the map one http://x.y ref.",
        ),
        (
            "# T\n\nRent is due.[^1]\n\n## Mill\n\nclosed\n\n[^1]: On 1 May.",
            "T",
            "Rent is due.\n\nMill: closed.\n\nOn 1 May.",
        ),
        ('---\ntitle: "The gate"\ntags: [a]\n---\nText.\n\nMore.', "The gate", "Text.\n\nMore."),
        ("+++\ntitle = 'The gate'\n+++\nText.", "The gate", "Text."),
        ("---\n\nText between rules.\n\n---\n\nMore.", "", "Text between rules.\n\nMore."),
        (
            "T\n===\n\nMill\n---\n\n- a\n  - b\n    1. c\n- d\n\n  goes on",
            "T",
            "Mill: a.\n\nMill: b.\n\nMill: (1) c.\n\nMill: d.\n\nMill: goes on.",
        ),
        (
            "One two three four five six seven eight nine ten eleven twelve thirteen.\n---\nText.",
            "",
            "One two three four five six seven eight nine ten eleven twelve thirteen.\n\nText.",
        ),
        (
            "# T\n\n3. Mai ist Markt.\n\nEs war\n1986. Danach nicht.",
            "T",
            "3. Mai ist Markt.\n\nEs war 1986. Danach nicht.",
        ),
        (
            "# T\n\n| A | B |\n|:--|--:|\n| x \\| y | `z` |\n\nNext | no table",
            "T",
            "A: x | y; B: z.\n\nNext | no table.",
        ),
        (
            (
                "# T\n\n<details><summary>More</summary>\n\nInside <b>it</b>.\n\n</details>\n\nx"
                " &lt;y&gt; \\*z\\*<br/>w"
            ),
            "T",
            "More.\n\nInside it.\n\nX <y> *z* w.",
        ),
        ("# T\n\n> quoted\n> - item\n\n- [x] done", "T", "Quoted.\n\nItem.\n\n[x] done."),
        (
            "# T\n\n## 2024 plans\n\nnone\n\n## 2.1 Mill\n\nopen",
            "T",
            "2024 plans: none.\n\nMill: open.",
        ),
        (
            "# " + "long words " * 20 + "\n\nText.",
            ("long words " * 9).strip() + " …",
            ("long words " * 20).strip().capitalize() + ".\n\nText.",
        ),
        (
            "# 鍵\n\n門は六時に開きます\n\n- फाटक खुला है\n- είναι κλειδί;\n- مفتوح؟",
            "鍵",
            "門は六時に開きます。\n\nफाटक खुला है।\n\nΕίναι κλειδί;\n\nمفتوح؟",
        ),
    ],
)
def test_markdown_is_read_as_its_authors_see_it(text, title, body):
    assert plain(text) == (title, body)


@pytest.mark.parametrize(
    "text, title, body",
    [
        (
            (
                "Water\n\n    The pump\nstands here. x <b and c> C:\\new\\*f* &amp; [a]: b\n\n# not"
                " a heading"
            ),
            "Water",
            "The pump stands here. x <b and c> C:\\new\\f &amp; [a]: b.\n\n# not a heading.",
        ),
        (
            "# Water\n\n## Mill\n\n• no hoses\n• no dogs\n\n(1) first\n(2) second",
            "Water",
            "Mill: no hoses.\n\nMill: no dogs.\n\nMill: (1) first.\n\nMill: (2) second.",
        ),
    ],
)
def test_a_text_file_has_lists_but_no_html_and_no_escapes(text, title, body):
    assert plain(text, ".txt") == (title, body)


RST = """Gates
=====

.. note:: Bring a key.

Use ``2**3`` and *stress* and :ref:`the gate <gate>`. [1]_

.. include:: {secret}

.. code-block:: sh

   # not a title

Mill
----

* open
* shut

.. versionadded:: 2.0
   A bell.

.. [1] A note.

=====  =====
Site   Rent
=====  =====
Kiln   £5
=====  =====

.. no comment
"""


def test_restructured_text_is_read_and_includes_nothing(tmp_path, capsys):
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    title, body = plain(RST.format(secret=tmp_path / "secret.txt"), ".rst")
    assert title == "Gates" and capsys.readouterr() == ("", "")
    assert body.split("\n\n") == [
        "Bring a key.",
        "Use 2**3 and stress and the gate.",
        "# not a title.",
        "Mill: open.",
        "Mill: shut.",
        "Mill: .. versionadded:: 2.0 A bell.",
        "A note.",
        "Site: Kiln; Rent: £5.",
    ]


HTML = """<html><head><title>Site - Gates</title><style>p {}</style></head><body><nav>Home</nav><script>x()</script>
<h1>Gates</h1><p>They open at <b>six</b>.<br>They shut at ten.</p><ul><li>one<ul><li>two</li></ul></li></ul>
<ol start=4><li><p>four</p><p>and more</p></li></ol><table><tr><th>Site</th><th>Rent</th></tr><tr><td>Kiln</td><td><p>£5</p></td></tr>
</table><table><tr><th>Hours</th><td>6 to 10</td></tr></table><p>Rent <s>£5</s> £6</p><pre># no title</pre><img alt="A map" src=x>
<!-- no --></body></html>"""


def test_a_web_page_is_read_without_menus_and_scripts():
    title, body = plain(HTML, ".html")
    assert title == "Gates" and body.split("\n\n") == [
        "They open at six. They shut at ten.",
        "One.",
        "Two.",
        "(4) four.",
        "And more.",
        "Site: Kiln; Rent: £5.",
        "Hours: 6 to 10.",
        "Rent ~~£5~~ £6.",
        "# no title.",
        "A map.",
    ]
    assert plain("<title>Gate</title><div>Open<div>all day</div></div>", ".htm") == (
        "Gate",
        "Open.\n\nAll day.",
    )
    assert plain("<body><nav>a</nav><main><p>Main.</p></main></body>", ".html") == ("", "Main.")


@settings(deadline=None, max_examples=100)
@given(
    st.text(alphabet="bx 1#*_`~|-=>[]()!<&\\\n.门", max_size=80), st.sampled_from(sorted(READERS))
)
def test_any_page_is_read_into_paragraphs_of_its_own_letters(text, ending):
    title, body = plain(text, ending)
    assert all(block and "\n" not in block for block in body.split("\n\n") if body)
    assert set(re.findall(r"[bx门]", body.lower())) <= set(text.lower())


def test_a_section_names_its_paragraphs_unless_they_name_it():
    text = (
        "# Gates\n\n## 2. Kiln Bank?\n\nThe gate opens at six.\n\nKiln Bank shuts at ten.\n\n##"
        " Mill\n\n- no gate"
    )
    assert plain(text)[1].split("\n\n") == [
        "Kiln Bank: The gate opens at six.",
        "Kiln Bank shuts at ten.",
        "Mill: no gate.",
    ]


def test_paragraphs_stay_apart_when_a_passage_joins_them():
    paragraphs = plain("# T\n\nhours\n\n- opens at 6\n- closes at 9\n\nthe end")[1]
    assert split_sentences(paragraphs.replace("\n\n", " ")) == split_sentences(paragraphs)


def test_words_are_compared_without_what_a_word_processor_changes():
    assert (
        words_of("The “gate” – it’s OPEN")
        == words_of("the 'gate' - it's open")
        == "the gate it s open"
    )
