"""Numbers of official papers and plaques, however they are typed."""

import unicodedata

_BRACKETS = str.maketrans(dict.fromkeys("〔[【〖{", "(") | dict.fromkeys("〕]】〗}", ")"))


def comparable(number: str) -> str:
    """The form in which they are compared: NFKC, brackets alike, no spaces, no case."""
    alike = unicodedata.normalize("NFKC", number).translate(_BRACKETS)
    return "".join(alike.split()).casefold()
