"""What should we do about it? Pure: no I/O, no clock."""
