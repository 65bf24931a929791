"""守信 Shouxin: carries customers' personal information through a company's change, and proves it offline.

The floors, from the top: `faces` (doors), `cases` (a change of the company), `duties` (one room per duty of the law),
`stores` (what must not be lost) beside `engine` (bulk work), `ground` (pure judgments and formats). Imports run down.
"""

__version__ = "0.1.0"
