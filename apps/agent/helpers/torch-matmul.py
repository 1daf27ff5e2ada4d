#!/usr/bin/env python3
"""Answers the agent's int8 challenges (contract version 1: README.md beside this file).

With PyTorch and CUDA each visible GPU computes the whole product, all at once, and all must agree. Without them NumPy computes on
the CPU, and without NumPy plain Python does: slow, and the same to the last bit.
"""
import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor

VERSION = 1
ORDER_MAX = 512
# torch._int_mm wants more than 16 rows, and multiples of 8: zeros around a matrix change nothing of its product.
PADDED_TO = 32


def cuda_multiply():
    import torch

    if not torch.cuda.is_available():
        raise RuntimeError("torch finds no CUDA device")
    gpus = [torch.device("cuda", index) for index in range(torch.cuda.device_count())]
    names = [torch.cuda.get_device_name(gpu)[:80] for gpu in gpus]
    pool = ThreadPoolExecutor(len(gpus))

    def multiply(order, a, b):
        side = -(-order // PADDED_TO) * PADDED_TO
        padded = []
        for factor in (a, b):
            whole = torch.zeros((side, side), dtype=torch.int8)
            whole[:order, :order] = torch.frombuffer(bytearray(factor), dtype=torch.int8).view(order, order)
            padded.append(whole)

        def on(gpu):
            left, right = (factor.to(gpu) for factor in padded)
            return torch._int_mm(left, right)[:order, :order].contiguous().cpu()

        products = list(pool.map(on, gpus))
        if not all(torch.equal(products[0], product) for product in products):
            raise RuntimeError("the GPUs do not agree")
        return products[0].numpy().astype("<i4").tobytes(), names

    multiply(PADDED_TO, bytes(PADDED_TO**2), bytes(PADDED_TO**2))  # The first product on a GPU loads its libraries.
    return multiply


def numpy_multiply():
    import numpy

    def multiply(order, a, b):
        left, right = (numpy.frombuffer(factor, dtype=numpy.int8).reshape(order, order) for factor in (a, b))
        # Sums stay below 2^53, where doubles are exact and a BLAS is fast.
        product = left.astype(numpy.float64) @ right.astype(numpy.float64)
        return product.astype("<i4").tobytes(), ["CPU, NumPy"]

    return multiply


def plain_multiply():
    from array import array

    def multiply(order, a, b):
        left, right = array("b", a), array("b", b)
        columns = [right[column::order] for column in range(order)]
        rows = (left[row * order : (row + 1) * order] for row in range(order))
        product = array("i", (sum(map(int.__mul__, row, column)) for row in rows for column in columns))
        if sys.byteorder == "big":
            product.byteswap()
        return product.tobytes(), ["CPU, Python"]

    return multiply


BACKENDS = {"cuda": cuda_multiply, "numpy": numpy_multiply, "plain": plain_multiply}


def chosen(name):
    if name != "auto":
        return BACKENDS[name]()
    for kind, make in BACKENDS.items():
        try:
            return make()
        except Exception as error:  # What is not installed here, or does not work, is not used.
            print(f"not {kind}: {error}", file=sys.stderr)
    raise RuntimeError("nothing computes here")


def say(out, head, body=b""):
    out.write(json.dumps(head).encode() + b"\n" + body)
    out.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", choices=["auto", *BACKENDS], default="auto")
    multiply = chosen(parser.parse_args().backend)
    source, out = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # A library that prints must not spoil an answer.
    say(out, {"isochrone": "matmul-helper", "version": VERSION})
    while line := source.readline():
        asked = json.loads(line)
        order = asked["order"]
        if asked["version"] != VERSION or not 1 <= order <= ORDER_MAX:
            raise ValueError(f"cannot answer {asked}")
        a, b = source.read(order * order), source.read(order * order)
        try:
            product, devices = multiply(order, a, b)
        except Exception as error:
            say(out, {"id": asked["id"], "error": str(error)})
            continue
        say(out, {"id": asked["id"], "bytes": len(product), "devices": devices}, product)


if __name__ == "__main__":
    main()
