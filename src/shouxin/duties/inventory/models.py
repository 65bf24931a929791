"""What a company holds and where: sources, tables and columns, customers as facts without values, goods, boxes."""

from django.db import models


class Source(models.Model):
    """One place that holds, or may hold, customers' information. Each must meet an end of its own."""

    KINDS = ("file", "database", "package", "boxes", "goods", "spool")

    kind = models.CharField(max_length=16)
    title = models.CharField(max_length=200)
    locator = models.TextField()
    custodian = models.CharField(max_length=100)
    system = models.CharField(max_length=40, blank=True)
    digest = models.CharField(max_length=80, blank=True)
    registered_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["locator"], name="inventory_source_locator")]

    @property
    def is_readable(self) -> bool:
        """Whether rows can be collected from it."""
        return self.kind in ("file", "database", "package")


class Dataset(models.Model):
    """One table of a source, how its columns are read, and what became of its rows."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="datasets")
    name = models.CharField(max_length=200)
    rows = models.BigIntegerField(default=0)
    plan = models.JSONField(null=True)
    planned_by = models.CharField(max_length=80, blank=True)
    scan = models.JSONField(null=True)
    rows_read = models.BigIntegerField(default=0)
    rows_collected = models.BigIntegerField(default=0)
    rows_merged = models.BigIntegerField(default=0)
    rows_rejected = models.BigIntegerField(default=0)
    collected_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "name"], name="inventory_dataset_name")]

    @property
    def balances(self) -> bool:
        """Rows read = collected + merged + rejected."""
        return self.rows_read == self.rows_collected + self.rows_merged + self.rows_rejected

    @property
    def state(self) -> str:
        """new, scanned, confirmed, collected, or aside: a person confirmed that it is not about customers."""
        if self.collected_at is not None:
            return "collected"
        if self.planned_by:
            return "confirmed" if self.plan is not None else "aside"
        return "new" if self.scan is None else "scanned"


class Column(models.Model):
    """One column as classified: which field, which category, how sure, why; confirmed by a person or not."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="columns")
    name = models.CharField(max_length=200)
    field = models.CharField(max_length=40, blank=True)
    category = models.CharField(max_length=20, blank=True)
    level = models.CharField(max_length=20, blank=True)
    sensitive_kind = models.CharField(max_length=20, blank=True)
    status = models.CharField(max_length=12)
    confidence = models.FloatField()
    why = models.JSONField(default=list)
    confirmed_by = models.CharField(max_length=80, blank=True)


class Customer(models.Model):
    """One person below the doors: facts that rules read, no value. Emptied when she is destroyed."""

    ALIVE, DESTROYED = "alive", "destroyed"

    customer = models.BigIntegerField(primary_key=True)
    handle = models.CharField(max_length=40, unique=True, null=True)
    state = models.CharField(max_length=10, default=ALIVE)
    person_kind = models.CharField(max_length=24, default="contract_party")
    age_band = models.CharField(max_length=8, default="unknown")
    dead = models.BooleanField(default=False)
    language = models.CharField(max_length=8, default="zh")
    has_phone = models.BooleanField(default=False)
    has_email = models.BooleanField(default=False)
    has_address = models.BooleanField(default=False)
    prepaid = models.BooleanField(default=False)
    keys_held = models.BooleanField(default=False)
    has_free_text = models.BooleanField(default=False)
    free_text_others = models.BooleanField(default=False)
    last_purchase_on = models.DateField(null=True)
    categories = models.IntegerField(default=0)


class Rejection(models.Model):
    """A row that was read and not taken: its number and the codes why, never its content."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="+")
    row = models.BigIntegerField()
    codes = models.CharField(max_length=200)


class Conflict(models.Model):
    """A row whose keys point at two customers: kept with the stronger key, left for a person to look at."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="+")
    row = models.BigIntegerField()
    kept = models.BigIntegerField()
    other = models.BigIntegerField()


class Good(models.Model):
    """One thing that is sold: with customers' information on it or not, and its four steps, each by two people."""

    STEPS = ("taken_out", "wiped", "checked", "handed_over")

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="goods")
    number = models.CharField(max_length=40)
    item = models.CharField(max_length=80)
    model = models.CharField(max_length=120, blank=True)
    serial = models.CharField(max_length=120, blank=True)
    holds_information = models.BooleanField(null=True)
    marks = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="inventory_good_number")]

    @property
    def next_step(self) -> str | None:
        """The step that is due; a thing without information goes straight to handing over."""
        steps = self.STEPS if self.holds_information else self.STEPS[-1:]
        return next((step for step in steps if step not in self.marks), None)


class Box(models.Model):
    """One paper box: where it stands, who keeps it, what is in it, how many sheets."""

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="boxes")
    number = models.CharField(max_length=40)
    place = models.CharField(max_length=120)
    custodian = models.CharField(max_length=100)
    contents = models.CharField(max_length=80)
    sheets = models.IntegerField(default=0)
    year = models.IntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="inventory_box_number")]


class BoxPaper(models.Model):
    """That a box holds papers of a customer: which one finds and takes out when the customer's end is met.

    Without a customer they are of somebody destroyed (`is_gone`), whose link is gone and whose papers are not yet, or
    of somebody whom the index names and nobody recognised.
    """

    box = models.ForeignKey(Box, on_delete=models.PROTECT, related_name="papers")
    customer = models.BigIntegerField(null=True)
    is_gone = models.BooleanField(default=False)
    sheets = models.IntegerField(default=1)
