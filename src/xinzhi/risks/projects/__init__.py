"""Old wine in new bottles: new projects against an archive of old ones, as a ledger of evidence."""
