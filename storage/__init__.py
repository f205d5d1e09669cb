"""What do we remember? The only package that speaks SQL."""
