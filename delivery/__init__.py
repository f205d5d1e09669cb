"""E-mail and webhooks out."""
