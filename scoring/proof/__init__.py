"""Is the score any good? Pure figures about how well past scores foretold churn."""
