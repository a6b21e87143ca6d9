"""The words of the field: no input or output, no formatting of reports."""
