"""Benefits (惠企奖补): who qualifies by a pack's rule on held data, how much, and the grant's way to its payment."""
