"""One statement in eleven languages, with the number of tokens that SmolLM2's tokenizer cuts it
into: for task 1.4.

Level 3. A test that has the tokenizer counts anew. What it leaves out: everything but the texts.
"""

#: One statement in eleven languages, with the tokens that SmolLM2's tokenizer cuts it into; three
#: statements.
STATEMENTS = (
    {
        "English": ("The library opens at nine.", 6),
        "German": ("Die Bibliothek öffnet um neun.", 12),
        "French": ("La bibliothèque ouvre à neuf heures.", 13),
        "Spanish": ("La biblioteca abre a las nueve.", 11),
        "Polish": ("Biblioteka otwiera się o dziewiątej.", 20),
        "Ukrainian": ("Бібліотека відчиняється о дев'ятій.", 32),
        "Finnish": ("Kirjasto avataan yhdeksältä.", 16),
        "Turkish": ("Kütüphane saat dokuzda açılır.", 19),
        "Greek": ("Η βιβλιοθήκη ανοίγει στις εννέα.", 29),
        "Japanese": ("図書館は九時に開きます。", 23),
        "Hindi": ("पुस्तकालय नौ बजे खुलता है।", 33),
    },
    {
        "English": ("I would like to borrow this book.", 8),
        "German": ("Ich möchte dieses Buch ausleihen.", 15),
        "French": ("Je voudrais emprunter ce livre.", 12),
        "Spanish": ("Me gustaría pedir prestado este libro.", 13),
        "Polish": ("Chciałbym wypożyczyć tę książkę.", 25),
        "Ukrainian": ("Я хотів би позичити цю книгу.", 24),
        "Finnish": ("Haluaisin lainata tämän kirjan.", 16),
        "Turkish": ("Bu kitabı ödünç almak istiyorum.", 16),
        "Greek": ("Θα ήθελα να δανειστώ αυτό το βιβλίο.", 31),
        "Japanese": ("この本を借りたいです。", 16),
        "Hindi": ("मैं यह किताब उधार लेना चाहता हूँ।", 40),
    },
    {
        "English": ("The reading room is very quiet today.", 8),
        "German": ("Im Lesesaal ist es heute sehr ruhig.", 15),
        "French": ("La salle de lecture est très calme aujourd'hui.", 17),
        "Spanish": ("La sala de lectura está muy tranquila hoy.", 15),
        "Polish": ("W czytelni jest dziś bardzo cicho.", 17),
        "Ukrainian": ("У читальному залі сьогодні дуже тихо.", 30),
        "Finnish": ("Lukusalissa on tänään hyvin hiljaista.", 18),
        "Turkish": ("Okuma salonu bugün çok sessiz.", 13),
        "Greek": ("Το αναγνωστήριο είναι πολύ ήσυχο σήμερα.", 33),
        "Japanese": ("閲覧室は今日とても静かです。", 27),
        "Hindi": ("वाचनालय आज बहुत शांत है।", 30),
    },
)
