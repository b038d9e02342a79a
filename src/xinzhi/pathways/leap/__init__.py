"""Who has overtaken whom, and what allowed it."""
