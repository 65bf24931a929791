"""The rows on their way to one receiver: Parquet in a bag, in a tar, sealed with age to exactly one key.

Page: docs/formats/package.md. Nothing plain touches a disk on either side; no row is handed out before the whole
package has been verified.

facts = build(tables=[Rows(shape, batches)], letter=letter, recipient=key, out=path)
package = open_package([path], identity=secret, expected=Expected.of_message(predicate))
for table, batch in package.read(): ...
"""

from shouxin.ground.formats.package.age import (
    Ciphertext,
    Identity,
    Part,
    check_ciphertext,
    new_identity,
    open_small,
    read_recipient,
    seal_small,
)
from shouxin.ground.formats.package.building import PackageFacts, Rows, build, build_resend
from shouxin.ground.formats.package.layout import Letter, TableFacts
from shouxin.ground.formats.package.opening import Expected, OpenedPackage, open_package

__all__ = [
    "Ciphertext",
    "Expected",
    "Identity",
    "Letter",
    "OpenedPackage",
    "PackageFacts",
    "Part",
    "Rows",
    "TableFacts",
    "build",
    "build_resend",
    "check_ciphertext",
    "new_identity",
    "open_package",
    "open_small",
    "read_recipient",
    "seal_small",
]
