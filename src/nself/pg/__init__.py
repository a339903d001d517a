"""PostgreSQL: connections, named queries, migrations, catalog. The only room that imports the driver."""
