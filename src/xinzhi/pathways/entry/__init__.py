"""What a place could enter, and how well entry can be predicted."""
