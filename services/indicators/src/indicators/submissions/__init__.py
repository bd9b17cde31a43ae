"""Return windows and submissions (报送): reported values, verified and published."""
