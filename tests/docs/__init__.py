"""What runs the examples of the docs."""
