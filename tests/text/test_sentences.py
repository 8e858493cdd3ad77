"""Sentences in many languages and scripts; what is too long is cut; the course's own pages are cut
by the English rule alone.
"""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftrag_helpers.data import course_data, user_documents
from ftrag_helpers.environment import runtime
from ftrag_helpers.retrieval.chunking import chunk
from ftrag_helpers.text.sentences import count_words, language_of, shortened, split_sentences

#: By language: sentences as they must come out of the text that they make.
PAGES = {
    "de": [
        "Am 3. Mai öffnet das Tor um 6 Uhr.",
        "über den Zaun klettert niemand.",
        "Äpfel hängen z. B. am Tor, d. h. vorn.",
        "Dr. Müller und Prof. Ämter wohnen in Nr. 5.",
        "Bitte klingeln!",
        "Das kostet ca. 5 Euro.",
    ],
    "de lower": [
        "das tor öffnet um sechs.",
        "der schlüssel hängt z. b. im kasten.",
        "ist das tor zu?",
        "ja, und es kostet ca. 5 euro.",
    ],
    "fr": [
        "Le portail ouvre à 6 h.",
        "À midi il ferme.",
        "Écoutez M. Dupont !",
        "Où est-il ?",
        "« Venez ici. »",
        "Il est parti avec la clé.",
        "étonnant, mais vrai.",
    ],
    "es": [
        "La puerta abre a las seis.",
        "¿Dónde está la llave?",
        "¡Está aquí!",
        "El Sr. Pérez vive en la pág. 5.",
        "Él no viene.",
    ],
    "it": [
        "Il cancello apre alle sei.",
        "È chiuso la domenica.",
        "Dov'è la chiave?",
        "La chiave è dal sig. Rossi.",
    ],
    "sv": ["Grinden öppnas klockan sex.", "Återlämna nyckeln till mig.", "Är det öppet på måndag?"],
    "ru": [
        "Ворота открываются в 6 утра.",
        "Ключ висит у двери.",
        "Сад на ул. Ленина, д. 5.",
        "Где он?",
        "Там, на полке.",
    ],
    "el": ["Η πύλη ανοίγει στις έξι.", "Πού είναι το κλειδί;", "Είναι στο κουτί.", "Ναι!"],
    "ar": ["تفتح البوابة الساعة السادسة.", "أين المفتاح؟", "المفتاح في الصندوق الأحمر.", "شكرا!"],
    "he": ["השער נפתח בשש.", "איפה המפתח?", "המפתח בקופסה."],
    "hi": ["फाटक सुबह छह बजे खुलता है।", "चाबी लाल डिब्बे में है।", "कहाँ?", "यहाँ।"],
    "ko": ["문은 아침 6시에 열립니다.", "열쇠는 빨간 상자에 있습니다.", "어디에 있나요?"],
    "ja": ["門は朝六時に開きます。", "鍵は赤い箱にあります！", "どこですか？", "費用は2.5円です。"],
    "zh": ["大门早上六点开。", "钥匙在红盒子里！", "在哪里？", "价格是2.5元。"],
    "th": [
        "ประตูเปิดเวลาหกโมงเช้าทุกวันจันทร์",
        "กุญแจอยู่ในกล่องสีแดงข้างประตูใหญ่",
        "ค่าใช้จ่ายห้าบาท",
    ],
    "am": ["በሩ በስድስት ሰዓት ይከፈታል።", "ቁልፉ በቀይ ሳጥን ውስጥ ነው።"],
    "en": [
        "the gate opens at six.",
        "the key hangs by the door, e.g. on a nail.",
        "it costs approx. 5 pounds.",
        "is it open?",
        "yes, it's fine.",
        "see dr. brandt at 5 p.m. today.",
    ],
}


@pytest.mark.parametrize("language", PAGES)
def test_a_page_is_cut_into_its_sentences(language):
    sentences = PAGES[language]
    text = ("" if language in ("ja", "zh") else " ").join(sentences)
    assert language_of(text) == language.split()[0] and split_sentences(text) == sentences


@pytest.mark.parametrize("language", PAGES)
def test_a_stretch_of_a_page_is_cut_where_the_page_was(language):
    sentences = PAGES[language]
    for start in range(len(sentences)):
        for end in range(start + 1, len(sentences) + 1):
            assert split_sentences(" ".join(sentences[start:end])) == sentences[start:end]


@pytest.mark.parametrize(
    "text, expected",
    [
        (
            "The book Whose Puddle? and the words are by Ottie.",
            ["The book Whose Puddle? and the words are by Ottie."],
        ),
        ("It closed. (It was old.) The end.", ["It closed.", "(It was old.)", "The end."]),
        ("We met at 5.30 p.m. on a Monday.", ["We met at 5.30 p.m. on a Monday."]),
        (
            "Use node.js 2.1 or so... and then go. Done.",
            ["Use node.js 2.1 or so... and then go.", "Done."],
        ),
    ],
)
def test_a_mark_within_a_sentence_is_no_end(text, expected):
    assert split_sentences(text) == expected


@pytest.mark.parametrize(
    "text, language",
    [
        ("", ""),
        ("5.30", ""),
        ("Kiln", ""),
        ("Brama stoi", ""),
        ("The gate", "en"),
        ("das Tor und Zaun", "de"),
    ],
)
def test_the_language_is_told_only_where_something_tells(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "the gate and " * 400,
        "word " * 500,
        "門は朝六時に開き鍵は赤い箱に" * 60,
        "ก" * 900,
        "x" * 5000,
        "; ".join(f"plot {n} is free" for n in range(300)),
    ],
)
def test_a_page_without_an_end_of_a_sentence_is_cut_all_the_same(text):
    parts = split_sentences(text)
    assert all(count_words(part) <= 90 and len(part) <= 1000 for part in parts) and len(parts) > 4
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_long_sentence_is_cut_between_clauses_then_between_words_then_anywhere():
    short = (40).__ge__
    assert shortened(
        "When the gate is shut, the key hangs in the red box.", lambda t: short(len(t))
    ) == ["When the gate is shut,", "the key hangs in the red box."]
    assert shortened(
        "The price of 12,500 tulips and 13,500 lilies rose.", lambda t: short(len(t))
    ) == ["The price of 12,500 tulips", "and 13,500 lilies rose."]
    assert shortened("x" * 50, lambda t: short(len(t))) == ["x" * 25] * 2
    assert shortened("門は朝に開く、鍵は箱にある。", lambda t: len(t) <= 10) == [
        "門は朝に開く、",
        "鍵は箱にある。",
    ]
    assert shortened("ab", lambda t: False) == ["a", "b"] and shortened("", lambda t: False) == [""]


def test_a_mark_stays_with_its_letter():
    assert all(part[0] != "\u0301" for part in shortened("e\u0301" * 20, lambda t: len(t) <= 5))


@settings(deadline=None, max_examples=60)
@given(st.text(alphabet="aB 5.?!,;。、\n\u0301(ñЯ門ก\"'”-", max_size=400))
def test_no_letter_is_lost_and_none_is_added(text):
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())


def by_the_english_rule(text):
    """The sentences of a text of the library, by full stop, space and capital, abbreviations
    excepted.
    """
    end = re.compile(
        r"""(?:(?<=[.!?])|(?<=[.!?]["'”’)])|(?<=[.!?]["'”’)]["'”’)]))\s+(?=[A-Z0-9£"'“‘(])"""
    )
    abbreviation = re.compile(
        r"\b(?:Mr|Mrs|Ms|Dr|St|No|Nos|vol|ed|e\.g|i\.e|p|pp|approx|c|cl)\.$|(?-i:(?:^|\s)[A-Z]\.)$",
        re.IGNORECASE,
    )
    sentences = []
    for paragraph in re.split(r"\n\s*\n", text):
        for number, piece in enumerate(end.split(paragraph.strip())):
            if number and abbreviation.search(sentences[-1]):
                sentences[-1] += " " + piece
            else:
                sentences.append(piece)
    return sentences


@pytest.mark.slow
def test_the_courses_own_pages_and_passages_are_cut_by_the_english_rule():
    now = course_data.load_documents()
    pages = [*now, *user_documents.read_documents(runtime.data_dir() / "allotment" / "documents")]
    for update in course_data.load_updates():
        now = course_data.apply_update(now, update)
        pages += [update.news, *(page for page in now if page.id == update.changes)]
    assert len(pages) > 300
    texts = {
        text
        for page in pages
        for text in (page.text, *(p.text for size in (30, 90) for p in chunk(page, words=size)))
    }
    assert [text for text in texts if split_sentences(text) != by_the_english_rule(text)] == []
