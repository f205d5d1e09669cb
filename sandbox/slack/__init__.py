"""Slack's Web API on loopback: methods, limits and refusals as Slack has them."""
