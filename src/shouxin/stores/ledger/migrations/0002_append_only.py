"""Entries, block roots and checkpoints are written once: no change, no removal, and no entry out of its turn.

The triggers stop accidents. Whoever owns the database can drop them: the evidence is the signed tree.
"""

from django.db import migrations

WRITTEN_ONCE = ("ledger_entry", "ledger_node", "ledger_checkpoint", "ledger_cosigned", "ledger_peer_checkpoint")

SQLITE_GAP = """
CREATE TRIGGER ledger_entry_in_turn BEFORE INSERT ON ledger_entry
WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), -1) + 1 FROM ledger_entry)
BEGIN SELECT RAISE(ABORT, 'ledger_entry: an entry out of its turn'); END"""

POSTGRES_FUNCTIONS = """
CREATE FUNCTION ledger_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%: written once', TG_TABLE_NAME; END $$;
CREATE FUNCTION ledger_in_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seq IS DISTINCT FROM (SELECT COALESCE(MAX(seq), -1) + 1 FROM ledger_entry) THEN
    RAISE EXCEPTION 'ledger_entry: an entry out of its turn';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ledger_entry_in_turn BEFORE INSERT ON ledger_entry FOR EACH ROW EXECUTE FUNCTION ledger_in_turn()"""


def install(apps, schema_editor):
    """Make the triggers of the database at hand."""
    run = schema_editor.connection.cursor().execute
    if schema_editor.connection.vendor == "postgresql":
        run(POSTGRES_FUNCTIONS)
        for table in WRITTEN_ONCE:
            run(
                f"CREATE TRIGGER {table}_written_once BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION ledger_written_once()"
            )
        return
    run(SQLITE_GAP)
    for table in WRITTEN_ONCE:
        for act in ("UPDATE", "DELETE"):
            run(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table}: written once'); END"
            )


def remove(apps, schema_editor):
    """Take the triggers away again."""
    run = schema_editor.connection.cursor().execute
    if schema_editor.connection.vendor == "postgresql":
        run("DROP TRIGGER ledger_entry_in_turn ON ledger_entry")
        for table in WRITTEN_ONCE:
            run(f"DROP TRIGGER {table}_written_once ON {table}")
        run("DROP FUNCTION ledger_written_once(); DROP FUNCTION ledger_in_turn()")
        return
    run("DROP TRIGGER ledger_entry_in_turn")
    for table in WRITTEN_ONCE:
        for act in ("update", "delete"):
            run(f"DROP TRIGGER {table}_no_{act}")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
