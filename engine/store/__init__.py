"""The only place that runs SQL: the database, its tables, how they change, and what is kept in them."""
