"""Production functions of firms."""
