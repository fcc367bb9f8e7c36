"""Numbers of official papers and plaques, however they are typed."""

import unicodedata

_BRACKETS = str.maketrans(dict.fromkeys("〔[【〖{", "(") | dict.fromkeys("〕]】〗}", ")"))


def comparable(number: str) -> str:
    """The form in which they are compared: NFKC, brackets alike, no spaces, no case.

    Empty where nothing is left that a paper or plaque could be known by.
    """
    alike = unicodedata.normalize("NFKC", number).translate(_BRACKETS)
    # What comes along unseen when a number is copied from a page (a zero-width space, a soft
    # hyphen) is no other number.
    seen = (one for one in alike if unicodedata.category(one) != "Cf" and not one.isspace())
    key = "".join(seen).casefold()
    return key if any(one.isalnum() for one in key) else ""
