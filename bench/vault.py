"""Seal, find and destroy, each against its measure in the same run.

- `seal_…_of_c`: the vault's sealing, batches of 2,000, against a C loop that sets a fresh AES-256-GCM key per record in
  one OpenSSL context (300-byte records); plain and, where there is an OpenSSL 3, accelerated. Only the calls are timed
  on both sides; CPU time, in short bursts by turns.
- `seal_vs_fernet`: against Fernet, field by field (eight fields), as the field-encryption packages do.
- `ingest_vs_plain`: `seal_batch` and `index`, committed, against the same rows in the clear by `executemany`.
- `look_up_…`: one key by blind index, value opened, against one row by a plain index through the same connection.
- `shred_…`: one customer's whole destruction, every fsync in it, among a million against among ten thousand.
"""

import ctypes
import ctypes.util
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.fernet import Fernet

RECORD = 300
RECORDS, INGESTED = 4_000, 20_000
BATCH = 2_000
ROUNDS, BURSTS = 9, 6
SMALL, LARGE = 10_000, 1_000_000
ROOT = Path(__file__).resolve().parent.parent


def run() -> dict[str, float]:
    """The ratios, medians of one run in a child process (Django binds a process to one home)."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "SHOUXIN_HOME": folder, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
        environment.pop("DATABASE_URL", None)
        done = subprocess.run(
            [sys.executable, "-m", "bench.vault", folder], env=environment, cwd=ROOT, check=True, capture_output=True
        )
        figures: dict[str, float] = json.loads(done.stdout)
        return figures


def _set_up(folder: Path) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "shouxin.faces.site.settings"
    import django

    django.setup()
    from django.core.management import call_command

    from shouxin.ground.kernel.signing import signer
    from shouxin.stores.ledger import services as ledger
    from shouxin.stores.vault import services

    for app in ("ledger", "vault"):
        call_command("migrate", app, verbosity=0)
    ledger.found(
        origin="simulated.bench.example", simulated=True, company="甲", signer=signer(bytes(32), "b"), at=_at()
    )
    services.found(at=_at())
    assert folder.is_dir()


def _at():  # noqa: ANN202
    from datetime import UTC, datetime

    return datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def _median_cpu(works: Sequence[Callable[[], object]]) -> list[float]:
    """Median CPU seconds of each: short bursts in turn, the best of some taken as a round, so that a busy machine is
    busy for all.
    """
    took: list[list[float]] = [[] for _ in works]
    for work in works:
        work()
    for _ in range(ROUNDS):
        best = [float("inf")] * len(works)
        for _ in range(BURSTS):
            for at, work in enumerate(works):
                before = time.process_time()
                work()
                best[at] = min(best[at], time.process_time() - before)
        for at, seconds in enumerate(best):
            took[at].append(seconds)
        gc.collect()
    return [statistics.median(times) for times in took]


class CLoop:
    """One OpenSSL context, keyed anew for every record, through ctypes: the calls of a C loop without its own
    overhead counted.
    """

    SOURCE = r"""
    #include <string.h>
    typedef struct evp_cipher_ctx_st C; typedef struct evp_cipher_st E; typedef struct engine_st N;
    C *EVP_CIPHER_CTX_new(void); void EVP_CIPHER_CTX_free(C *); const E *EVP_aes_256_gcm(void);
    int EVP_EncryptInit_ex(C *, const E *, N *, const unsigned char *, const unsigned char *);
    int EVP_EncryptUpdate(C *, unsigned char *, int *, const unsigned char *, int);
    int EVP_EncryptFinal_ex(C *, unsigned char *, int *); int EVP_CIPHER_CTX_ctrl(C *, int, int, void *);
    long seal(long n, const unsigned char *keys, const unsigned char *nonces, const unsigned char *raw, int size,
              const unsigned char *aad, int bound, unsigned char *out) {
      C *c = EVP_CIPHER_CTX_new(); int got; long i;
      if (!EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), 0, 0, 0)) return -1;
      for (i = 0; i < n; i++) {
        unsigned char *to = out + i * (size + 16);
        if (!EVP_EncryptInit_ex(c, 0, 0, keys + 32 * i, nonces + 12 * i)) return -1;
        EVP_EncryptUpdate(c, 0, &got, aad, bound); EVP_EncryptUpdate(c, to, &got, raw + i * size, size);
        EVP_EncryptFinal_ex(c, to + size, &got); EVP_CIPHER_CTX_ctrl(c, 0x10, 16, to + size);
      }
      EVP_CIPHER_CTX_free(c); return n;
    }
    """

    def __init__(self, folder: Path) -> None:
        (folder / "loop.c").write_text(self.SOURCE)
        library = ctypes.util.find_library("crypto") or "libcrypto.so.3"
        subprocess.run(
            ["cc", "-O2", "-shared", "-fPIC", "-o", str(folder / "loop.so"), str(folder / "loop.c"), f"-l:{library}"],
            check=True,
        )
        self._seal = ctypes.CDLL(str(folder / "loop.so")).seal
        self._seal.restype = ctypes.c_long
        self.keys, self.nonces = os.urandom(32 * RECORDS), os.urandom(12 * RECORDS)
        self.raw, self.aad = os.urandom(RECORD * RECORDS), os.urandom(47)
        self.out = ctypes.create_string_buffer((RECORD + 16) * RECORDS)

    def __call__(self) -> None:
        done = self._seal(
            ctypes.c_long(RECORDS), self.keys, self.nonces, self.raw, RECORD, self.aad, len(self.aad), self.out
        )
        assert done == RECORDS


def _seal_figures(folder: Path) -> dict[str, float]:
    from shouxin.stores.vault import accelerate, keyring, records, services

    numbers = services.allocate(RECORDS)
    ring = keyring.current()
    one = [(n, 0) for n in numbers]
    four = one[: RECORDS // 4]
    raws, large = [os.urandom(RECORD)] * RECORDS, [os.urandom(RECORD * 4)] * (RECORDS // 4)
    fernet, fields = Fernet(Fernet.generate_key()), [os.urandom(37) for _ in range(8)]
    share = 50
    ring.leaves([])

    def seal(cells: list[tuple[int, int]], values: list[bytes], found: accelerate.Sealer | None) -> None:
        accelerate.sealer_for = lambda _: found
        for at in range(0, len(cells), BATCH):
            records.seal(
                ring, cells=cells[at : at + BATCH], raws=values[at : at + BATCH], first=1 + at, kind="collected"
            )

    quick = accelerate.sealer()
    c, single, grouped, fernets, quick_single, quick_grouped = _median_cpu(
        [
            CLoop(folder),
            lambda: seal(one, raws, None),
            lambda: seal(four, large, None),
            lambda: [fernet.encrypt(field) for _ in range(share) for field in fields],
            lambda: seal(one, raws, quick),
            lambda: seal(four, large, quick),
        ]
    )
    figures = {
        "seal_one_of_c": c / single,
        "seal_four_of_c": c / grouped,
        "seal_vs_fernet": (fernets / share) / (single / RECORDS),
        "seal_records_a_second": RECORDS / single,
    }
    if quick:
        figures.update(
            {
                "seal_one_accelerated_of_c": c / quick_single,
                "seal_four_accelerated_of_c": c / quick_grouped,
                "seal_accelerated_records_a_second": RECORDS / quick_single,
            }
        )
    return figures


def _ingest_figures() -> dict[str, float]:
    from django.db import connection, transaction

    from shouxin.stores.vault import services
    from shouxin.stores.vault.services import Item

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE plain (id INTEGER PRIMARY KEY, key TEXT, customer INTEGER, body BLOB)")
        cursor.execute("CREATE INDEX plain_key ON plain (key)")
    numbers, raw, times = services.allocate(INGESTED), os.urandom(RECORD), []
    step = INGESTED // 5
    for start in range(0, INGESTED, step):
        some = numbers[start : start + step]
        before = time.perf_counter()
        with transaction.atomic():
            services.seal_batch(items=[Item(n, "basic", 1, 1, raw) for n in some], at=_at())
            services.index(entries=[("phone", f"000{n:08d}", n) for n in some])
        sealed = time.perf_counter() - before
        before = time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany("INSERT INTO plain VALUES (%s, %s, %s, %s)", [(n, f"000{n:08d}", n, raw) for n in some])
        times.append((sealed, time.perf_counter() - before))
    sealed, plain = (statistics.median(column) for column in zip(*times, strict=True))
    return {
        "ingest_vs_plain": plain / sealed,
        "ingest_customers_a_second": step / sealed,
        **_look_up_figures(list(numbers)),
    }


def _look_up_figures(numbers: list[int]) -> dict[str, float]:
    from django.db import connection

    from shouxin.stores.vault import keyring, records, services

    ring, hot = keyring.current(), numbers[:2000]

    def vault(n: int) -> None:
        (customer,) = services.look_up(entries=[("phone", f"000{n:08d}")])[0]
        assert [value for _, value in records.opened(ring, records.read([customer], [0]))]

    def find(n: int) -> None:
        assert services.look_up(entries=[("phone", f"000{n:08d}")])[0]

    def plain(n: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT customer, body FROM plain WHERE key = %s", (f"000{n:08d}",))
            assert cursor.fetchone()

    slow, found, quick = (_latencies(work, hot) for work in (vault, find, plain))
    return {
        "look_up_and_open_p99_of_plain": slow[1] / quick[1],
        "look_up_p99_of_plain": found[1] / quick[1],
        "look_up_and_open_p50_of_plain": slow[0] / quick[0],
        "look_up_and_open_p50_us": slow[0] * 1e6,
    }


def _latencies(work: Callable[[int], None], numbers: list[int]) -> tuple[float, float]:
    times = []
    for n in [*numbers[:200], *numbers]:
        before = time.perf_counter()
        work(n)
        times.append(time.perf_counter() - before)
    times = sorted(times[200:])
    return times[len(times) // 2], times[len(times) * 99 // 100]


def _shred_figures() -> dict[str, float]:
    from shouxin.stores.vault import queries, services

    figures, given = {}, queries.customers_given()
    for size, name in ((SMALL, "10k"), (LARGE, "1m")):
        before = time.perf_counter()
        if size > given:
            services.allocate(size - given)
            figures[f"keys_made_a_second_{name}"] = 8 * (size - given) / (time.perf_counter() - before)
        figures[f"shred_p50_ms_{name}"] = _shred_p50(size) * 1000
        batch = dict.fromkeys(range(2, size, max(1, size // 9_000)))
        before = time.perf_counter()
        result = _shred(batch)
        figures[f"shred_batch_a_second_{name}"] = result / (time.perf_counter() - before)
        given = max(given, size)
    figures["shred_p50_1m_of_10k"] = figures["shred_p50_ms_1m"] / figures["shred_p50_ms_10k"]
    return figures


def _shred_p50(size: int) -> float:
    times = []
    for at in range(31):
        before = time.perf_counter()
        _shred({1 + at * (size // 40): None})
        times.append(time.perf_counter() - before)
    return statistics.median(times)


def _shred(cells: dict[int, None]) -> int:
    from shouxin.stores.vault import services

    return services.shred(
        cells=cells, reason={"n": min(cells)}, at=_at(), by="system", held=lambda customers: ()
    ).customers


def _main(folder: Path) -> None:
    _set_up(folder)
    figures = {**_seal_figures(folder), **_ingest_figures()}
    figures.update(_shred_figures())
    print(json.dumps({name: round(value, 4) for name, value in figures.items()}))


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
