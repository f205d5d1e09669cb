"""Where Alembic starts: it is given a connection that already holds the lock."""

from alembic import context

from storage import tables_acts

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables_acts.message.metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
