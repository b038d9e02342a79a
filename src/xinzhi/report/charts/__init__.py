"""Charts: Vega-Lite templates filled with rows, drawn in one language for one screen."""
