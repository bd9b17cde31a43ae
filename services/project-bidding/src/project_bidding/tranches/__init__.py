"""Tranches (拨款): one funder each, approved, released against vouchers, reconciled."""
