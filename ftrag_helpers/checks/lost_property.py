"""The lost-property desk, a kind of task that no model has been trained on: for task 3.4.

Level 3. Messages to the desk with the thing that each of them is about, the desk's form as code,
and what a small training set must be like. It loads no model: the exercise trains one and asks it.
"""

import re
from collections import Counter
from collections.abc import Sequence

from ftrag_helpers import properties
from ftrag_helpers.checks.values import shown

#: The instruction, which does not say what the form is.
TASK = "Answer this message to the lost-property desk."
WORDS = 24
PROPERTIES = ("one plain line", "opening", "length", "closing")
#: Words that any two messages or replies may share.
_COMMON = frozenset(
    "about after again also asked been before desk does dont from have here just last left lost"
    " library like near noted still that them then there they this today want well were when where"
    " which with your".split()
)
_LITTLE = frozenset(
    "the and you your our its his her she was are has had not but for may can did get got one two"
    " out off all any own did do".split()
)

#: Pairs that a training set has at least.
PAIRS = 12
#: Messages that measure, each with its thing; whoever trains on one of them is found out.
MESSAGES = (
    (
        (
            "I think my green umbrella is still in the stand by your door at Old Quay. It poured on"
            " Monday, and on Tuesday I walked home dry without it."
        ),
        "umbrella",
    ),
    (
        (
            "Has anyone handed in a child's mitten, red, for the left hand? We were at storytime on"
            " Saturday."
        ),
        "mitten",
    ),
    ("my bike lock. black, key still in it. outside weir street, probably on the railings", "lock"),
    (
        (
            "Good morning. I left my reading glasses on the desk by the window in the Chart Room"
            " last Thursday."
        ),
        "glasses",
    ),
    (
        (
            "Lost: one hearing aid in a small blue case, somewhere between the lift and the café."
            " I'd be so grateful."
        ),
        "hearing aid",
    ),
    (
        "I believe my husband's hat is on your hat stand. It's brown and has his initials inside.",
        "hat",
    ),
    (
        "Did I leave a lunch box at the homework club? It has a sticker of a whale on it.",
        "lunch box",
    ),
    ("I was on the Heron on Thursday and must have dropped my purse between the seats.", "purse"),
    (
        (
            "Someone may have found a silver ring on the basin upstairs at Fennel Hill. It was my"
            " grandmother's."
        ),
        "ring",
    ),
    ("hiya, left my charger plugged in upstairs, the white one with the long cable", "charger"),
    (
        (
            "My daughter cannot sleep without her stuffed rabbit, and the last place we had it was"
            " the Burrow."
        ),
        "rabbit",
    ),
    (
        "I returned four books yesterday and fear that my bus pass is still in one of them.",
        "bus pass",
    ),
    (
        (
            "A walking stick with a brass handle. I hung it on the radiator in the Ferrers Room and"
            " limped off without it."
        ),
        "walking stick",
    ),
    (
        "Can you look in the Quiet Study for a grey notebook? It holds a year of my work.",
        "notebook",
    ),
    (
        (
            "Six balls of wool in a paper bag, all of them blue, are under the big table since"
            " Tuesday's knitting."
        ),
        "wool",
    ),
    (
        (
            "I can't find my house keys. There is a wooden duck on the ring. I was in the garden at"
            " Fennel Hill at noon."
        ),
        "keys",
    ),
    (
        (
            "My scarf, long, yellow, knitted by an aunt, went missing at the concert in the Apple"
            " Room."
        ),
        "scarf",
    ),
    (
        (
            "Dear library, I took off my watch to wash up after the coffee morning and have not"
            " seen it since."
        ),
        "watch",
    ),
    ("We've lost a pushchair blanket, white with stars, near the bench in the Orchard.", "blanket"),
    (
        "phone, cracked screen, orange cover, I had it in the queue on friday, please please",
        "phone",
    ),
    ("I left a violin in the Sound Booth. Yes, a whole violin, in its case.", "violin"),
    ("There's a coat of mine on the third hook at Weir Street, navy, with a torn pocket.", "coat"),
    ("A thermos flask, dented, was standing beside the photocopier when I last saw it.", "flask"),
    ("My son's school tie came off somewhere around the graphic novels, or so he says.", "tie"),
    (
        "Would you check the Vat Room for a camera? It's small and black and hasn't my name on it.",
        "camera",
    ),
    (
        "I was reading the papers and got up without my gloves. Leather, brown, rather worn.",
        "gloves",
    ),
    ("My earring fell off near the returns slot at Central. A pearl, on a little hook.", "earring"),
    (
        "a skateboard, blue wheels, i leaned it on the wall by the ramp and the wall is empty now",
        "skateboard",
    ),
)


def form(response: str) -> dict[str, bool]:
    """The four properties of the desk's replies, and whether a response has each of them."""
    text = response.strip()
    last = (properties.sentences(text) or [""])[-1]
    met = (
        bool(text) and "\n" not in text and "!" not in text,
        text.startswith("Noted: "),
        len(text.split()) <= WORDS,
        last.startswith("Do "),
    )
    return dict(zip(PROPERTIES, met, strict=True))


def problem(pairs: object) -> str:
    """What is wrong with a training set for the desk, in a sentence; "" if nothing is."""
    if not isinstance(pairs, list) or not all(
        isinstance(pair, list) and len(pair) == 2 for pair in pairs
    ):
        return f"expected a list of pairs, each a message and a reply; got {shown(pairs)}"
    if not all(isinstance(text, str) and text.strip() for pair in pairs for text in pair):
        return "a message or a reply is empty, or is no text"
    if len(pairs) < PAIRS:
        return f"{PAIRS} pairs are wanted at least, got {len(pairs)}"
    for number, (message, reply) in enumerate(pairs, start=1):
        found = _pair_problem(message, reply)
        if found:
            return f"pair {number} of {len(pairs)}: {found}"
    return _variety_problem([message for message, _ in pairs], [reply for _, reply in pairs])


def _pair_problem(message: str, reply: str) -> str:
    unmet = [name for name, met in form(reply).items() if not met]
    if unmet:
        return f"the reply lacks the form ({', '.join(unmet)}): {shown(reply)}"
    if not 4 <= len(message.split()) <= 60:
        return f"a message has 4 to 60 words, this one {len(message.split())}: {shown(message)}"
    if any(_alike(message, known) > 0.5 for known, _thing in MESSAGES):
        return (
            "this is one of the messages that measure; whoever learns it shows nothing by knowing"
            f" it: {shown(message)}"
        )
    if not _words(message) & _words(reply):
        return (
            f"the reply takes no word from its message, so it cannot name the thing: {shown(reply)}"
        )
    return ""


def _variety_problem(messages: Sequence[str], replies: Sequence[str]) -> str:
    for texts, what in ((messages, "messages"), (replies, "replies")):
        for second, text in enumerate(texts):
            first = next(
                (n for n, other in enumerate(texts[:second]) if _alike(other, text) > 0.6), None
            )
            if first is not None:
                return (
                    f"the {what} of pairs {first + 1} and {second + 1} say nearly the same: a set"
                    f" of copies teaches one example: {shown(text)}"
                )
    closings = Counter(properties.sentences(reply)[-1].lower() for reply in replies)
    closing, often = closings.most_common(1)[0]
    return (
        ""
        if often <= len(replies) // 3
        else (
            f"{often} of {len(replies)} replies close with {shown(closing)}: a model would learn "
            "that sentence, not to close in its own way"
        )
    )


def _words(text: str) -> set[str]:
    """The telling words of a text, by their first five letters, so that "crutches" and "crutch" are
    one.
    """
    words = re.findall(r"[a-z]{3,}", text.lower().replace("'s", ""))
    return {word[:5] for word in words if word not in _COMMON | _LITTLE}


def _alike(first: str, second: str) -> float:
    """The share of telling words that two texts have in common (Jaccard), 0 to 1."""
    a, b = _words(first), _words(second)
    return len(a & b) / len(a | b) if a | b else 1.0
