"""Block Kit, strictly: what Slack would refuse in a message, a modal or a Home tab."""

from sandbox.blockkit.surfaces import Surface, message_problems, problems, view_problems

__all__ = ["Surface", "message_problems", "problems", "view_problems"]
