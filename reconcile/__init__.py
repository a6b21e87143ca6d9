"""reconcile: a folder of returns goes in; findings by cell, totals, a summary workbook and an official narrative come out."""

__version__ = "0.1.0"
