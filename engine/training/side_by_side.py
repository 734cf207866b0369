"""Several batches looked at side by side on the CPU, each with one thread. Knows batches and a function; nothing of models.

A core's cache holds one batch's numbers, so two cores with a batch each get through more than two that share one. And what is
found in a batch does not depend on the number of threads then: torch sums in another order with another number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

Batch = TypeVar("Batch")
Found = TypeVar("Found")


@contextmanager
def one_thread() -> Iterator[int]:
    """Let torch compute with one thread what this thread asks of it; gives the number it had, which is restored."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield threads
    finally:
        torch.set_num_threads(threads)


def looked_at(batches: Sequence[Batch], look: Callable[[Batch], Found], threads: int) -> Iterator[Found]:
    """What ``look`` finds in each batch, in their order, ``threads`` of them at a time, each in a thread of its own.

    What is raised there is raised here, at its batch. Where nobody goes on, those that are being looked at are waited for.
    To be called within ``one_thread``.
    """
    import torch

    if threads == 1 or len(batches) == 1:
        yield from map(look, batches)
        return
    rest = iter(batches)
    ahead: deque[Future[Found]] = deque()
    # Said in each thread too: of its own accord a new one takes torch's number over, but not before its first product.
    pool = ThreadPoolExecutor(threads, "looks at batches", initializer=torch.set_num_threads, initargs=(1,))
    try:
        ahead.extend(pool.submit(look, batch) for batch in islice(rest, 2 * threads))
        while ahead:
            found = ahead.popleft().result()
            ahead.extend(pool.submit(look, batch) for batch in islice(rest, 1))
            yield found
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
