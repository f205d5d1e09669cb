"""A Slack workspace and a mailbox on your own machine, strict about their limits."""
