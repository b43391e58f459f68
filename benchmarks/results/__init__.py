"""What was found, as pages and a figure, and what makes them."""
