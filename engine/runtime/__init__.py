"""What the product does: who may see and change what, and what follows from a change."""
