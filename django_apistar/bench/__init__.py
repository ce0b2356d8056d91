"""`apistar_bench`: what is measured, by which tool, and what that says."""
