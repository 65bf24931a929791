"""From what kind of thing an answer came: a class, never the whole name a browser gives, and never an address."""


def agent_class(user_agent: str) -> str:
    """wechat, telephone, tablet, computer or program."""
    said = user_agent.lower()
    for name, signs in _SIGNS.items():
        if any(sign in said for sign in signs):
            return name
    return "program"


_SIGNS = {
    "wechat": ("micromessenger",),
    "tablet": ("ipad", "tablet"),
    "telephone": ("android", "iphone", "mobile"),
    "computer": ("windows", "macintosh", "x11", "linux"),
}
