"""The returned workbook: rows that need work go back to their supplier, and come home through the inbox."""
