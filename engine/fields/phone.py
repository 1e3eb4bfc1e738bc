"""Phone numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import phonenumbers
import sqlalchemy as sa
from phonenumbers import PhoneNumberFormat

from engine.api import BadOption, BadValue, FieldType, Operator, Reader, Shower, Words, columns, words
from engine.fields.reading import half_width, one_line
from engine.fields.text import TEXT_OPERATORS

_CHARACTERS_MAX = 60
_EXTENSION = ";ext="


@dataclass(frozen=True, kw_only=True)
class Phone(FieldType):
    """A phone number, mobile or not, with an extension if there is one; however it is typed, it is kept as
    +8613800138000, so that the same number is found again."""

    key: ClassVar[str] = "phone"
    words: ClassVar[Words] = words("电话", "Phone")
    operators: ClassVar[tuple[Operator, ...]] = TEXT_OPERATORS
    widget: ClassVar[str] = "tel"
    searchable: ClassVar[bool] = True

    region: str = "CN"
    """The country of numbers that are typed without one, as two letters."""

    def check_options(self) -> None:
        """The region has phone numbers."""
        if self.region not in phonenumbers.SUPPORTED_REGIONS:
            raise BadOption("region", f"'{self.region}' is no country with phone numbers.", "Write two letters: CN.")

    def column(self) -> sa.types.TypeEngine[Any]:
        """E.164, and `;ext=` before an extension."""
        return columns.PlainText()

    def parse(self, raw: object, reader: Reader) -> str:
        """The number in its normal form."""
        text = half_width(one_line(raw)).replace("转", " ext ")
        if len(text) > _CHARACTERS_MAX:
            raise BadValue("bad_phone")
        try:
            number = phonenumbers.parse(text, self.region)
        except phonenumbers.NumberParseException as error:
            raise BadValue("bad_phone") from error
        if not phonenumbers.is_valid_number(number):
            raise BadValue("bad_phone")
        extension = f"{_EXTENSION}{number.extension}" if number.extension else ""
        return phonenumbers.format_number(number, PhoneNumberFormat.E164) + extension

    def show(self, value: str, shower: Shower) -> str:
        """With spaces; with its country only when that is another one."""
        return _shown(value, self.region)

    def edit(self, value: str, shower: Shower) -> str:
        """As shown."""
        return _shown(value, self.region)

    def sample(self, number: int) -> str:
        """A mobile number of the region."""
        if self.region == "CN":
            return f"+86138{number % 100_000_000:08d}"
        example = phonenumbers.example_number(self.region)
        assert example is not None, self.region
        return phonenumbers.format_number(example, PhoneNumberFormat.E164)

    def search_text(self, value: str) -> str:
        """With and without its country."""
        return f"{value} {_shown(value, self.region).replace(' ', '')}"


@lru_cache(maxsize=8192)
def _shown(value: str, region: str) -> str:
    try:
        number = phonenumbers.parse(value.replace(_EXTENSION, " ext "), None)
    except phonenumbers.NumberParseException:
        return value
    home = number.country_code == phonenumbers.country_code_for_region(region)
    for style in (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL) if home else (1,):
        text = phonenumbers.format_number(number, style)
        # Some plans write a number at home in a way that cannot be read back: then with its country.
        if _reads_back(text, value, region):
            return text
    return value


def _reads_back(text: str, value: str, region: str) -> bool:
    try:
        return Phone(region=region).parse(text, Reader("form")) == value
    except BadValue:
        return False
