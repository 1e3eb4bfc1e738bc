"""Sentences for values that a field kind refuses (the codes of BadValue)."""

from __future__ import annotations

from collections.abc import Mapping

from engine.words import Words, words

VALUES: Mapping[str, Words] = {
    # ---- any value
    "required": words("请填写{field}。", "Fill in {field}."),
    "read_only": words("{field}不能修改。", "You cannot change {field}."),
    "not_text": words("请输入文字。", "Enter text."),
    "bad_character": words(
        "文字中含有不可见的控制字符，无法保存；请删除后重新输入。",
        "The text holds an invisible control character that cannot be stored. Delete it and type the text again.",
    ),
    "too_long": words(
        "最多 {max} 个字符，现在有 {length} 个；请缩短。", "At most {max} characters; this has {length}. Shorten it."
    ),
    "too_short": words("至少 {min} 个字符，现在只有 {length} 个。", "At least {min} characters; this has {length}."),
    "bad_pattern": words("格式不符合要求（{pattern}）。", "This does not have the form that is asked for ({pattern})."),
    # ---- numbers
    "not_a_number": words("请输入数字，例如 1250.00。", "Enter a number, such as 1250.00."),
    "too_many_places": words(
        "最多 {scale} 位小数；请自行取舍后再填。", "At most {scale} decimal places. Round it yourself, as you mean it."
    ),
    "too_many_digits": words("数字太大，不能超过 {max}。", "The number is too large: the limit is {max}."),
    "too_small": words("不能小于 {min}。", "Enter {min} or more."),
    "too_big": words("不能大于 {max}。", "Enter {max} or less."),
    "percent_sign": words(
        "“{written}”不明确：请写 {written}%，或写成小于 1 的小数。",
        "'{written}' is unclear: write {written}%, or a fraction below 1.",
    ),
    "too_many_percent_places": words(
        "百分数最多 {scale} 位小数。", "A percentage here has at most {scale} decimal places."
    ),
    "percent_too_small": words("不能小于 {bound}。", "Enter {bound} or more."),
    "percent_too_big": words("不能大于 {bound}。", "Enter {bound} or less."),
    "currency_unseen": words("请只填数字，不填货币符号。", "Enter the figure alone, without a currency's sign."),
    "other_currency": words(
        "金额的币种应为 {currency}，不是 {sign}；请只填数字。",
        "The amount is in {currency}, not {sign}. Enter the figure alone.",
    ),
    "not_a_boolean": words("请填“是”或“否”。", "Enter yes or no."),
    # ---- days and times
    "bad_date": words(
        "请按“年-月-日”填写日期，例如 2026-11-22。", "Enter the day with the year first, such as 2026-11-22."
    ),
    "no_such_day": words("没有这一天，请检查月份和日期。", "There is no such day. Check the month and the day."),
    "too_early": words("不能早于 {min}。", "Enter {min} or a later day."),
    "too_late": words("不能晚于 {max}。", "Enter {max} or an earlier day."),
    "bad_datetime": words(
        "请填写日期和时间，例如 2026-11-22 14:30。", "Enter a day and a time, such as 2026-11-22 14:30."
    ),
    "no_such_time": words(
        "这一时刻因夏令时跳过而不存在，请换一个时间。",
        "Clocks skip this time on that day (summer time). Enter another time.",
    ),
    "bad_time": words("请填写时间，例如 14:30。", "Enter a time, such as 14:30."),
    "bad_duration": words("请填写时长，例如 1小时30分 或 1:30。", "Enter a length of time, such as 1h 30m or 1:30."),
    # ---- choices and lists
    "not_a_choice": words("没有这个选项。可选：{choices}。", "There is no such choice. Choose one of: {choices}."),
    "not_a_list": words("请提供一个列表。", "Give a list."),
    "not_a_row": words("每一行应为一组字段和值。", "Each row is a set of fields with their values."),
    "too_many_items": words("最多 {max} 项。", "At most {max} items."),
    "same_twice": words("同一项出现了两次，请删去一个。", "The same item stands there twice. Remove one."),
    "bad_tag": words("标签中不能有逗号、顿号或分号。", "A tag holds no comma or semicolon."),
    # ---- addresses
    "bad_email": words(
        "这不是有效的邮箱地址，例如 li@example.com。", "This is no e-mail address, such as li@example.com."
    ),
    "bad_phone": words(
        "这不是有效的电话号码；座机请带区号，境外号码以 + 和国家代码开头。",
        "This is no valid phone number. Give the area code, and + with the country code for numbers abroad.",
    ),
    "bad_url": words(
        "这不是有效的网址；只接受 https://、http://、mailto: 或 tel:。",
        "This is no valid address. It begins with https://, http://, mailto: or tel:.",
    ),
    "url_user": words(
        "网址中不能带用户名（@ 之前的部分），请删去。", "An address with a user name before @ is not taken. Remove it."
    ),
    "bad_color": words("请填写颜色，例如 #1746b0。", "Enter a colour, such as #1746b0."),
    # ---- links
    "not_an_id": words("请选择一条已有的记录。", "Choose a record that exists."),
    "not_a_link": words(
        "请选择一条记录，可关联：{entities}。", "Choose a record. It may be of one of these: {entities}."
    ),
    # ---- the rest
    "bad_json": words(
        "这不是可保存的 JSON，请检查括号、引号、数字大小和嵌套层数。",
        "This is no JSON that can be stored. Check brackets, quotes, the size of numbers and the depth.",
    ),
    "masked_value": words(
        "这是遮盖后的显示，不是新值；请输入新的值，或留空以保持不变。",
        "This is the mask, not a value. Enter a new value, or leave it empty to keep the old one.",
    ),
}
