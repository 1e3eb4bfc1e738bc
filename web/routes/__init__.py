"""One module for each group of pages; each offers ROUTES, a table of what is answered where."""
