"""The database itself: connections, migrations, types of columns, bulk writes."""
