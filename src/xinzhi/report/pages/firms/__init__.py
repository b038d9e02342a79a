"""What the microdata of firms say: misallocation and decompositions."""
