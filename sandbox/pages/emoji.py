"""The emoji that people write as :shortcodes:, as far as an alert bot uses them."""

# ruff: noqa: RUF001  # Signs that resemble letters are what this table is for.

import re

SIGNS = {
    "+1": "👍", "-1": "👎", "alarm_clock": "⏰", "arrow_down": "⬇️", "arrow_lower_right": "↘️",
    "arrow_right": "➡️", "arrow_up": "⬆️", "arrow_upper_right": "↗️", "bangbang": "‼️",
    "bar_chart": "📊", "bell": "🔔", "black_circle": "⚫", "blue_heart": "💙", "bulb": "💡",
    "busts_in_silhouette": "👥", "calendar": "📅", "chart_with_downwards_trend": "📉",
    "chart_with_upwards_trend": "📈", "clipboard": "📋", "clock1": "🕐", "clock9": "🕘",
    "credit_card": "💳", "email": "✉️", "envelope": "✉️", "exclamation": "❗", "eyes": "👀",
    "fire": "🔥", "gear": "⚙️", "grey_question": "❔", "hand": "✋", "heart": "❤️",
    "heavy_check_mark": "✔️", "heavy_minus_sign": "➖", "hourglass": "⌛",
    "hourglass_flowing_sand": "⏳", "information_source": "ℹ️", "large_blue_circle": "🔵",
    "large_green_circle": "🟢", "large_orange_circle": "🟠", "large_yellow_circle": "🟡",
    "large_green_square": "🟩", "large_red_square": "🟥", "large_yellow_square": "🟨",
    "left_right_arrow": "↔️", "link": "🔗", "lock": "🔒", "mag": "🔍", "mailbox": "📫",
    "mailbox_with_mail": "📬", "memo": "📝", "minus": "➖", "moneybag": "💰", "mute": "🔇",
    "no_bell": "🔕", "no_entry": "⛔", "ok_hand": "👌", "pause_button": "⏸️", "phone": "☎️",
    "point_right": "👉", "pushpin": "📌", "question": "❓", "raised_hands": "🙌",
    "red_circle": "🔴", "repeat": "🔁", "robot_face": "🤖", "rocket": "🚀",
    "rotating_light": "🚨", "sheep": "🐑", "slightly_smiling_face": "🙂",
    "small_blue_diamond": "🔹",
    "small_red_triangle": "🔺", "small_red_triangle_down": "🔻", "smile": "😄", "snowflake": "❄️",
    "sos": "🆘", "sparkles": "✨", "star": "⭐", "stopwatch": "⏱️", "sunny": "☀️", "tada": "🎉",
    "thinking_face": "🤔", "thumbsup": "👍", "thumbsdown": "👎", "ticket": "🎫", "wave": "👋",
    "warning": "⚠️", "white_check_mark": "✅", "white_circle": "⚪", "x": "❌", "zap": "⚡",
    "zzz": "💤",
}  # fmt: skip
SHORTCODE = re.compile(r":([a-z0-9_+-]{1,60}):")


def with_emoji(text: str) -> str:
    """Return text with the known shortcodes as their signs; the others stay as written."""
    return SHORTCODE.sub(lambda found: SIGNS.get(found[1], found[0]), text)
