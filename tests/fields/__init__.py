"""What every kind of field promises, and what each is for."""
