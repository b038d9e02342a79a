"""The pages of the yardstick: the assessment of all regions, and the audit of what other protocols would say."""
