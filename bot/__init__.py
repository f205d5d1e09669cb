"""Slack in, Slack out. The only package that speaks Slack."""
