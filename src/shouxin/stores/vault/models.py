"""The vault's tables. No foreign keys in or out; what is sealed here is readable only through the key files.

The blind index is no Django table: on SQLite it is a file of its own, on PostgreSQL an unlogged table (see `blind`).
"""

from django.db import models


class State(models.Model):
    """The one row: whose keys belong here, the newest flip and epoch this database has seen, and the counters.

    `busy` stands while a change of the keys is under way: whoever finds it recovers first. `fence` numbers the
    exclusive sections.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    vault = models.BinaryField(max_length=16)
    algorithm = models.CharField(max_length=16)
    generation = models.BigIntegerField()
    epoch = models.IntegerField(default=1)
    pages = models.BigIntegerField(default=0)
    next_customer = models.BigIntegerField(default=1)
    next_record = models.BigIntegerField(default=1)
    fence = models.BigIntegerField(default=0)
    busy = models.BooleanField(default=False)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="vault_state_one"),)


class Leaf(models.Model):
    """512 keys sealed under one page key. Inserted, never updated; an older generation is deleted after the flip."""

    pk = models.CompositePrimaryKey("page", "gen")
    page = models.BigIntegerField()
    gen = models.BigIntegerField()
    born = models.BigIntegerField()
    body = models.BinaryField()

    class Meta:
        indexes = (models.Index(fields=["born"], name="vault_leaf_born"),)


class Customer(models.Model):
    """A customer's state. `ending` and `ended` are masks of compartments: being destroyed, destroyed.

    `token` is random, means nothing, and dies with the customer. The number stays, so that it is never given again.
    """

    customer = models.BigIntegerField(primary_key=True)
    token = models.BinaryField(max_length=16, null=True)
    state = models.CharField(max_length=9, default="alive")
    ending = models.SmallIntegerField(default=0)
    ended = models.SmallIntegerField(default=0)
    merged_into = models.BigIntegerField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=["alive", "dying", "destroyed"]), name="vault_customer_state"
            ),
            models.CheckConstraint(
                condition=models.Q(state="destroyed", token__isnull=True) | ~models.Q(state="destroyed"),
                name="vault_customer_no_token_after",
            ),
        )
        indexes = (
            models.Index(
                fields=["merged_into"], name="vault_customer_merged", condition=models.Q(merged_into__isnull=False)
            ),
        )


class Record(models.Model):
    """One envelope: customer × compartment × source of one batch. Its number is in its associated data."""

    id = models.BigIntegerField(primary_key=True)
    customer = models.BigIntegerField()
    compartment = models.SmallIntegerField()
    source = models.IntegerField()
    kind = models.CharField(max_length=24)
    rows = models.IntegerField()
    purpose = models.CharField(max_length=64, default="")
    expires = models.DateField(null=True)
    ver = models.IntegerField(default=1)
    body = models.BinaryField()

    class Meta:
        indexes = (models.Index(fields=["customer", "compartment"], name="vault_record_cell"),)


class Intent(models.Model):
    """A destruction that was begun: its cells (customer → mask), and, once done, its result.

    `request` is a keyed digest of reason and cells: the same request again gives the same result. `salt` makes
    `digest` impossible to enumerate for whoever has not this row.
    """

    request = models.CharField(max_length=64, unique=True)
    salt = models.BinaryField(max_length=32)
    digest = models.CharField(max_length=71)
    reason = models.TextField()
    scope = models.CharField(max_length=96)
    cells = models.BinaryField()
    by = models.CharField(max_length=128)
    at = models.CharField(max_length=20)
    result = models.TextField(default="")

    class Meta:
        indexes = (models.Index(fields=["id"], name="vault_intent_open", condition=models.Q(result="")),)
