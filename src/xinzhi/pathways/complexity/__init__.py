"""Places by activities: advantage, relatedness and complexity."""
