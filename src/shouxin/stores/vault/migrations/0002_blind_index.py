"""On PostgreSQL the blind index is two unlogged tables: in no archived log, empty after a crash. On SQLite it is a file of its own."""

from django.db import migrations

MAKE = (
    "CREATE UNLOGGED TABLE vault_bidx (tag bytea NOT NULL, customer bigint NOT NULL, PRIMARY KEY (tag, customer))",
    "CREATE INDEX vault_bidx_customer ON vault_bidx (customer)",
    "CREATE UNLOGGED TABLE vault_bidx_meta (id smallint PRIMARY KEY CHECK (id = 1), vault bytea NOT NULL, epoch integer NOT NULL)",
)


def make(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for statement in MAKE:
            schema_editor.execute(statement)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TABLE IF EXISTS vault_bidx, vault_bidx_meta")


class Migration(migrations.Migration):
    dependencies = [("vault", "0001_initial")]
    operations = [migrations.RunPython(make, drop)]
