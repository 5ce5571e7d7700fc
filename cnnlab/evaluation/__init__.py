"""How good is a network? Measures, what its percentages are worth, how runs compare, what a history says."""
