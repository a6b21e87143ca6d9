"""The acts, in the order a round lives. An act takes values and returns values; acts do not call acts."""
