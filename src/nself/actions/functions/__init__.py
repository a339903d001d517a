"""What people do with their functions: list, make, remove and call them."""
