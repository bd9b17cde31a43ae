"""Tests that kill what runs, on one stack."""
