"""What is decided before a return arrives: indicators, measures, rules, lists, forms."""
