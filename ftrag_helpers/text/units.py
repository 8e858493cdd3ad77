"""Units and currencies by every usual name, and what each name may mean.

A name may mean several things ("pounds": money or weight; "$": any dollar); two amounts
are equal where one meaning is shared. Factors stand only where a smaller coin is part of a larger
one.
"""

from fractions import Fraction

_DOLLARS = {
    "USD": "us$ american us",
    "AUD": "a$ au$ aus$ australian",
    "CAD": "c$ ca$ canadian",
    "NZD": "nz$ new_zealand",
    "HKD": "hk$ hong_kong",
    "SGD": "s$ singapore",
}
_MONEY = {
    "GBP": "£ pound quid british_pound pound_sterling pounds_sterling",
    "EUR": "€ euro",
    "JPY": "¥ yen japanese_yen",
    "CNY": "¥ yuan renminbi",
    "INR": "₹ rs rupee indian_rupee",
    "PKR": "rs rupee pakistani_rupee",
    "RUB": "₽ rouble ruble",
    "KRW": "₩ won",
    "TRY": "₺ lira",
    "ILS": "₪ shekel",
    "VND": "₫ dong",
    "UAH": "₴ hryvnia",
    "THB": "฿ baht",
    "NGN": "₦ naira",
    "PHP": "₱ peso",
    "MXN": "$ peso mexican_peso",
    "BRL": "r$ real reais",
    "PLN": "zl zl\u0335 zloty",
    "CZK": "kc kc\u030c koruna korun",
    "CHF": "fr franc swiss_franc",
    "SEK": "kr krona kronor swedish_krona",
    "NOK": "kr krone kroner norwegian_krone",
    "DKK": "kr krone kroner danish_krone",
    "ZAR": "rand",
    "HUF": "forint",
} | {
    code: (
        "$ dollar buck "
        + " ".join(name if "$" in name else f"{name}_dollar" for name in names.split())
    )
    for code, names in _DOLLARS.items()
}
_COINS = {"GBP": "p penny pence", "EUR": "c ¢ cent"} | dict.fromkeys(_DOLLARS, "c ¢ cent")
_MEASURES = {
    "percent": "% percent per_cent pct",
    "permille": "‰",
    "celsius": (
        "°_c c celsius centigrade degree_c degree_celsius degree_centigrade degrees_c"
        " degrees_celsius degrees_centigrade ° degree"
    ),
    "fahrenheit": (
        "°_f f fahrenheit degree_f degree_fahrenheit degrees_f degrees_fahrenheit ° degree"
    ),
    "angle": "° degree",
    "kelvin": "kelvin",
    "millimetre": "mm millimetre millimeter",
    "centimetre": "cm centimetre centimeter",
    "metre": "m metre meter",
    "kilometre": "km kilometre kilometer kph kmh kmph",
    "inch": "in inch inches",
    "foot": "ft foot feet",
    "yard": "yd yard",
    "mile": "mi mile mph",
    "milligram": "mg milligram milligramme",
    "gram": "g gr gram gramme",
    "kilogram": "kg kgs kilo kilogram kilogramme",
    "tonne": "tonne",
    "ton": "ton",
    "lb": "lb lbs pound",
    "ounce": "oz ounce",
    "stone": "st stone",
    "millilitre": "ml millilitre milliliter",
    "centilitre": "cl centilitre centiliter",
    "litre": "l ltr litre liter",
    "pint": "pt pint",
    "gallon": "gallon",
    "square metre": "m^2 m2 sq_m sqm square_metre square_meter",
    "square kilometre": "km^2 km2 sq_km square_kilometre square_kilometer",
    "square foot": "ft^2 ft2 sq_ft square_foot square_feet",
    "square mile": "sq_mi square_mile",
    "hectare": "ha hectare",
    "acre": "acre",
    "cubic metre": "m^3 m3 cubic_metre cubic_meter",
    "second": "s sec second",
    "minute": "min minute",
    "hour": "h hr hour",
    "day": "day",
    "week": "wk week",
    "month": "month",
    "year": "yr year",
    "decade": "decade",
    "century": "century centuries",
    "kilobyte": "kb kilobyte",
    "megabyte": "mb megabyte",
    "gigabyte": "gb gigabyte",
    "terabyte": "tb terabyte",
    "watt": "w watt",
    "kilowatt": "kw kilowatt",
    "kilowatt hour": "kwh kilowatt_hour",
    "volt": "v volt",
    "hertz": "hz hertz",
    "calorie": "kcal calorie",
}

#: What a word behind a number multiplies it by.
SCALES = {
    "dozen": 12,
    "thousand": 10**3,
    "k": 10**3,
    "million": 10**6,
    "m": 10**6,
    "mn": 10**6,
    "billion": 10**9,
    "bn": 10**9,
    "trillion": 10**12,
}
#: The units of which "a" or "an" makes one ("an hour", "a pound"); before other nouns it is an
#: article.
SINGLE = frozenset(
    "minute hour day week month year decade century pound euro dollar penny cent".split()
)
CODES = frozenset(code.lower() for code in _MONEY) | {
    "rs",
    "kr",
    "fr",
    "kc",
    "kc\u030c",
    "zl",
    "zl\u0335",
}
#: The signs of currencies of which no other name is known here; each is its own unit.
_SIGNS = [
    sign
    for sign in [*"¤৳؋៛", *map(chr, range(0x20A0, 0x20C2))]
    if not any(sign in text for text in _MONEY.values())
]
MONEY = frozenset([*_MONEY, *_SIGNS])


def _names(text: str) -> list[str]:
    """Each name, and its plural where it is a word."""
    names = [name.replace("_", " ") for name in text.split()]
    return (
        names
        + [
            name + "s"
            for name in names
            if len(name) > 2
            and name.isascii()
            and name[-1] not in "s$23"
            and name.replace(" ", "").isalpha()
        ]
        + [name + "s" for name in names if name in ("hr", "yr", "wk", "yd")]
    )


def _table() -> dict[str, tuple[tuple[str, Fraction], ...]]:
    table: dict[str, list] = {}
    for units, factor in (
        (_MONEY, Fraction(1)),
        (_COINS, Fraction(1, 100)),
        (_MEASURES, Fraction(1)),
    ):
        for unit, text in units.items():
            for name in dict.fromkeys(
                [*_names(text), *([unit.lower()] if units is _MONEY else [])]
            ):
                table.setdefault(name, []).append((unit, factor))
    table |= {sign: [(sign, Fraction(1))] for sign in _SIGNS}
    return {name: tuple(meanings) for name, meanings in table.items()}


#: Name → (unit, how many of it one is), one for each meaning.
UNITS = _table()
