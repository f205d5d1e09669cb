"""How healthy is this customer, and why? Pure: no I/O, no clock."""
