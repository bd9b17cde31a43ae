"""What indicators tells the others: nothing yet; it listens to everybody."""
