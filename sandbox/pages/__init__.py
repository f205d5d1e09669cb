"""The pages at /inbox: the workspace and the mailbox as Slack and a mail client show them."""
