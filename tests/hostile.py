"""Values that somebody who wants the program to fail puts into data: kinds × shapes, as texts of JSON.

Each is planted in every field of every source; what a source refuses it has to refuse in its own words.
"""

# ruff: noqa: E501 - a table of values

from __future__ import annotations

import json

NUMBERS = (
    "9" * 400, "-" + "9" * 400, "9" * 5000, "1" + "0" * 18, "9223372036854775807", "9223372036854775808",
    "18446744073709551616", "-9223372036854775809", "1e308", "1e400", "-1e400", "1e400000000", "1e-400000000",
    "0." + "0" * 400 + "1", "NaN", "Infinity", "-Infinity", "-0", "-1", "0", "1.5", "2147483648",
)  # fmt: skip
TIMES = (
    "100000000000000000000", "300000000000000", "253402300800000", "-62135596800001", "1" + "0" * 25,
    '"9999-12-31T23:59:59.999999+00:00"', '"9999-12-31T23:59:59-23:59"', '"0001-01-01T00:00:00+23:59"',
    '"99999-99-99T99:99:99Z"', '"2016-12-31T23:59:60Z"', '"2026-02-30"', '"1e400"', '"24:61:61"',
    '"2026-11-29T00:00:00+99:99"', '"0000-00-00T00:00:00Z"', '"' + "9" * 400 + '-01-01"',
)  # fmt: skip
TEXTS = tuple(
    json.dumps(text)
    for text in (
        "", " ", "\n", "\r", "\r\n\r\n", "\t" * 100, "\0", "\0" * 1000, "\x1b[2J\x1b[H", "\x1b]52;c;aGk=\x07",
        "\x1b]0;title\x1b\\", "\x1bP+q\x1b\\", "\x9b2J", "\x7f\x80\x85\x9f", "\u2028\u2029", "\u202eabc\u2066",
        "\u061c\u200e\u200f", "\ufff9a\ufffab\ufffb", "\U000e0041\U000e007f" * 50, "\ufe0f\ufe0e" * 50,
        "\U000e0100" * 60, "e" + "\u0301" * 60, "e" + "\u20dd" * 60, "\u0e01" + "\u0e49" * 60, "\u115f\u3164\uffa0",
        "\u200b\u200c\u200d\u2060\ufeff\xad", "\ud800", "\udfff\ud800", "a\ud83d", "\uffff\ufffe", "\U0010ffff",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467", "[bold red]x[/]", "[/]", "[link=x]", "[@click=app.quit]x[/]",
        "{0}", "{}", "%s%n", "$(id)", "`id`", "'; id; '", "--help", "-", "+!id", "../../../etc/x", "/", "//", ".", "..",
        "~root", "a" * 300, "a" * 100_000, "世" * 40_000, "a b " * 20_000, "=" * 5000, "&" * 5000, "?x=1" * 2000,
        "http://user:secret-password-1@host/" + "x" * 9000, "redis://:pw@[::1", "http://[", "user@" * 5000,
        "password=" * 3000, "ghp_" * 3000, "-----BEGIN RSA PRIVATE KEY-----" * 100, "null", "None", "true", "undefined",
        "NaN", "0x10", "1_000", "\u0661\u0662\u0663", "\u00b2", "1,5", "1e5", "-", "9" * 400, "9" * 5000, "1-1-1", "-1-0",
        "18446744073709551616-0", "(", "*", "[", "((((((((((", "(a+)+$", "\\", "\\u0000", '"', "'", "<script>", "<!--",
        "a\nb\nc\n" * 500, "Traceback (most recent call last):\n" * 200, '{"a":' * 500, "CRITICAL", "critical", "OPEN",
    )
)  # fmt: skip
SHAPES = (
    "null", "true", "false", "[]", "{}", '""', "[[]]", "[{}]", "[null]", '{"": ""}', '{"a": 1, "a": 2}',
    "[" * 50 + "]" * 50, "[" * 150 + "]" * 150, "[" * 900 + "]" * 900, "[" * 5000 + "]" * 5000, "[" * 100_000,
    '{"a":' * 150 + "1" + "}" * 150, '{"a":' * 5000 + "1" + "}" * 5000, '[{"a":' * 400 + "1" + "}]" * 400,
    "[" + "1," * 20_000 + "1]", "[" + '"a",' * 20_000 + '"a"]', "[" + "[]," * 20_000 + "[]]",
    "{" + ",".join(f'"k{n}":{n}' for n in range(10_000)) + "}", '{"' + "k" * 100_000 + '": 1}',
    '{"name": {"name": {"name": 1}}}', '{"seconds": ' + "9" * 400 + ', "nanos": ' + "9" * 400 + "}",
    '{"type": []}', '{"message": 5, "content": {"text": []}}', "[" + "9" * 400 + "]", '["\\ud800"]',
)  # fmt: skip

VALUES: tuple[str, ...] = (
    *NUMBERS, *TIMES, *TEXTS, *SHAPES,
    *(f"[{number}]" for number in NUMBERS), *(f'{{"total": {number}}}' for number in NUMBERS),
    *(f"[{time}, {time}]" for time in TIMES), *(f"[{text}]" for text in TEXTS[8:40]),
)  # fmt: skip
"""Texts of JSON, or what passes for it; more than 200."""


def raw(value: str) -> bytes:
    """*value* outside of JSON: a text without its quotes and escapes; other values as they are."""
    try:
        text = json.loads(value) if value.startswith('"') else value
    except ValueError:
        text = value
    return text.encode("utf-8", "surrogatepass")
