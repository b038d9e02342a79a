"""The register: for every region and planned industry, which pitfalls the evidence points to."""
