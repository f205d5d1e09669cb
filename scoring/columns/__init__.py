"""Scores of many customers at once, in columns: the same answers as `Plan.score`, row for row.

`scoring.score` stays the definition, exact and readable; what is here only goes faster over many
rows. Everything is whole numbers or numbers whose denominators are known, so that a rounding is
either certain or handed to the definition. Nothing outside imports this package unless it scores
many: it is the one that needs NumPy.
"""
