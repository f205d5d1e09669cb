"""What does the product do? One use case, one function, one transaction."""
