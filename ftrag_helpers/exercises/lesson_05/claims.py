"""Answers and the passages beside them, for task 5.5."""

#: (answer, passages) with numbers to fill in.
SOME = (
    (
        "The Chart Room is hired at £{a} an hour.",
        [
            "From May the Chart Room at Old Quay is hired at £{a} an hour.",
            "It may be held for {b} days without payment.",
        ],
    ),
    ("A visitor card costs £{a} and the price is refunded.", ["A visitor card costs £{a} a year."]),
    (
        "It is {b} o'clock, the otters are art.",
        ["A party of otters came at {b}0 in the morning, and smartly."],
    ),
    (
        "Dogs, dogs and more dogs may wait in the porch.",
        ["DOGS may wait in the Porch until their readers come back."],
    ),
    (
        "The lamp was given by the harbour master.",
        ["The lamp in the window burns all night.", "Keeper and lamp came from the lighthouse."],
    ),
    (
        "We are open until {b}, and {a} seats are free.",
        ["In winter the room is open until {b}, with {a}{b} seats in all."],
    ),
    ("You can have it from us.", ["The boat leaves Mill Steps at {b}."]),
    (
        "Bring your own spoon, mug and poem.",
        [
            "Guests bring their own spoon to the Poetry Breakfast.",
            "Each reads one poem of {a} lines.",
        ],
    ),
    (
        "The storytime is for children aged {b} to {a}.",
        ["Pulp and Giggles is for children aged {b} to {a}, all welcome."],
    ),
    (
        "Thora Jessop leads the knitters on Tuesday evenings.",
        ["Harbour Needles meets on Tuesday.", "Thora Jessop knits there."],
    ),
    (
        "The flood of 18{a} drowned nobody.",
        ["In 18{a} the river rose by {b} feet, and the mill was lost."],
    ),
    (
        "Ask at the desk for a key, and hand the key back at the desk.",
        ["The key of the seed drawer hangs behind the desk."],
    ),
    (
        "Twelve issues of the quarterly are kept.",
        ["The branch keeps the latest {a} issues of The Slack Water Quarterly."],
    ),
    (
        "The reading boat ties up on Thursday.",
        ["On Thursdays the boat is at its mooring, and reading is allowed on deck."],
    ),
)


#: In every set of cases: a point inside a price, an underscore, passages without a full stop,
#: thirds, a plural, nothing read.
ALWAYS = (
    ("The kayak shed opens at {b}.", ["kayak_shed, open from {b} until dusk", "Bring a towel"]),
    ("Tea and cake cost £{a}.50.", ["Cake is £{a}.50 a slice", "tea costs nothing"]),
    (
        "Bring a towel, a spoon and a mug at dusk.",
        ["We paddle until dusk", "Bring a towel, a spoon and a mug"],
    ),
    ("Storytime moves upstairs.", ["Storytime is at ten.", "The lift is out of use."]),
    ("The boats are moored on Thursdays.", ["On Thursday the boat is at its mooring."]),
    ("No dogs on deck.", []),
)
