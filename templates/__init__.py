"""How do we say it? The only package that speaks Jinja."""
