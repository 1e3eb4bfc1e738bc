"""Amounts of yuan in Chinese capitals (人民币大写).

The rules are those for filling in bank bills (正确填写票据和结算凭证的基本规定): it begins with 人民币; several zeros
inside are one 零; 整 ends an amount without 角 and 分, and may end one without 分 (left out here); 零 stands between 元
and 分 when there is no 角. What those rules leave open is settled here: a negative amount says 负 after 人民币, zero is
零元整, and fractions of a 分 are rounded half up, as any amount in yuan is.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_FEN = Decimal("0.01")
_EXACT = Context(prec=60)


def amount_in_words(amount: Decimal) -> str:
    """18702.72 as 人民币壹万捌仟柒佰零贰元柒角贰分."""
    rounded = amount.quantize(_FEN, ROUND_HALF_UP, _EXACT)
    sign = "负" if rounded < 0 else ""
    fen = int(abs(rounded).scaleb(2, _EXACT))
    return f"人民币{sign}{_figure(fen)}"


def _figure(fen: int) -> str:
    yuan, coins = divmod(fen, 100)
    jiao, rest = divmod(coins, 10)
    words = f"{_whole(yuan)}元" if yuan or not coins else ""
    if not coins:
        return f"{words}整"
    if jiao:
        words += f"{_DIGITS[jiao]}角"
    elif yuan:
        words += "零"
    return words + (f"{_DIGITS[rest]}分" if rest else "")


def _whole(number: int) -> str:
    """A whole number: what stands above 亿, then above 万, then four digits."""
    for name, size in (("亿", 10**8), ("万", 10**4)):
        if number >= size:
            above, below = divmod(number, size)
            gap = "零" if 0 < below < size // 10 else ""
            return _whole(above) + name + gap + (_whole(below) if below else "")
    return _four(number) or _DIGITS[0]


def _four(number: int) -> str:
    """Up to four digits: zeros at the end are not said, zeros between are one 零."""
    words, gap = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            words += ("零" if gap else "") + _DIGITS[digit] + _PLACES[place]
            gap = False
        elif words:
            gap = True
    return words
