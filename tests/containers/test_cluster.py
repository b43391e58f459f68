"""On a cluster of worker processes, and on a file that is larger than the memory allowed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from distributed import Client, LocalCluster

from tests.containers.values import EACH, answers, relu, relu_backward

WORKERS = 3
CHUNK = 10_000


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A cluster of several worker processes of one thread each."""
    with (
        LocalCluster(
            n_workers=WORKERS,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            local_directory=tmp_path_factory.mktemp("workers"),
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def numbers(dtype: str, seed: int) -> Any:
    drawn = np.random.default_rng(seed).normal(size=12 * CHUNK + 7).astype(dtype)
    drawn[:: CHUNK // 3] = np.nan
    drawn[1 :: CHUNK // 3] = [np.inf, -np.inf][seed]
    return drawn


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_workers_give_the_bits_of_numpy(client: Any, dtype: str) -> None:
    grad, x = numbers(dtype, 0), numbers(dtype, 1)
    wanted = {
        "relu": np.maximum(x, 0),
        "drelu": np.heaviside(x, 0),
        "relu_backward": np.where(x > 0, grad, np.where(np.isnan(x), x, 0)),
    }
    lazy = [da.from_array(each, chunks=CHUNK) for each in (grad, x)]
    for name, found in answers(*lazy).items():
        assert (type(found), found.chunks) == (da.Array, lazy[0].chunks)
        future = client.compute(found)
        assert future.result().tobytes() == wanted[name].astype(dtype).tobytes(), name


def test_every_worker_takes_chunks_and_none_takes_all(client: Any) -> None:
    x = client.persist(da.random.default_rng(0).normal(size=12 * CHUNK, chunks=CHUNK))
    found = client.persist(relu(x))
    found.sum().compute()
    held = client.has_what()
    keys = {str(key) for key in found.__dask_keys__()}
    counts = [len(keys & set(map(str, of))) for of in held.values()]
    assert (len(counts), sum(counts)) == (WORKERS, 12)
    assert max(counts) < 12


def test_masks_of_chunks_come_back_from_the_workers(client: Any) -> None:
    del client  # is the default by now
    x = numbers("float64", 1)
    hidden = np.arange(x.size) % 3 == 0
    masked = da.ma.masked_array(da.from_array(x, chunks=CHUNK), mask=hidden)
    for function in EACH:
        found = function(masked).compute()
        assert found.mask.tolist() == hidden.tolist()
        np.testing.assert_array_equal(found.compressed(), function(x)[~hidden])


def test_what_a_worker_refuses_is_told(client: Any) -> None:
    x, grad = (da.from_array(np.ones(4), chunks=2)[da.ones(4, chunks=2) > n] for n in (0, 1))
    with pytest.raises(
        ValueError, match=r"grad has shape \(0,\); accepted: \(2,\), the shape of x"
    ):
        client.compute(relu_backward(grad, x)).result()


LIMITED = """
import resource, sys
import numpy as np
import dask
import dask.array as da
from relu_impls import drelu, relu, relu_backward

size, allowed, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
x = np.memmap(f"{folder}/x", "f4", "r", shape=(size,))
grad = np.memmap(f"{folder}/grad", "f4", "r", shape=(size,))
out = np.memmap(f"{folder}/out", "f4", "w+", shape=(size,))
lazy = [da.from_array(each, chunks=1 << 20) for each in (grad, x)]
with open("/proc/self/status") as status:
    used = next(int(line.split()[1]) for line in status if line.startswith("VmData")) << 10
resource.setrlimit(resource.RLIMIT_DATA, (used + allowed, used + allowed))
try:
    np.ones(size, "f4")
    raise SystemExit("the limit does not hold")
except MemoryError:
    pass
with dask.config.set(scheduler="sync"):
    for found in (relu(lazy[1]), drelu(lazy[1]), relu_backward(*lazy)):
        da.store(found, out, lock=False)
        print(float(out[::4096].sum(dtype="f8")))
for function, given in ((relu, [x]), (drelu, [x]), (relu_backward, [grad, x])):
    assert function(*given, out=out) is out
    print(float(out[::4096].sum(dtype="f8")))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of data are Linux's")
def test_a_file_larger_than_memory_is_taken_block_by_block(tmp_path: Path) -> None:
    size, allowed = 1 << 25, 96 << 20  # 128 MiB a file
    files = {name: np.memmap(tmp_path / name, "f4", "w+", shape=(size,)) for name in ("x", "grad")}
    for name, file in files.items():
        rng = np.random.default_rng(len(name))
        for start in range(0, size, 1 << 22):
            file[start : start + (1 << 22)] = rng.standard_normal(1 << 22, "f4")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(size), str(allowed), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    x, grad = (np.array(files[name][::4096]) for name in ("x", "grad"))
    wanted = [float(v.sum(dtype="f8")) for v in (np.maximum(x, 0), x > 0, np.where(x > 0, grad, 0))]
    assert [float(line) for line in done.stdout.split()] == wanted * 2
