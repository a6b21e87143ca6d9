"""The doors: every byte that comes in or goes out passes here."""
