"""HTTP in: events, the read API, the dashboard, unsubscribe, probes."""
