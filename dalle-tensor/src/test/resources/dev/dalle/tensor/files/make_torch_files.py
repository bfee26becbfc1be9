"""Makes the files of torch.save that the tests read, in the folder of this script, and says what is in them.

Usage: python make_torch_files.py, once with PyTorch 1.13 and once with 2.6; each makes a folder of its own. Every line of its expected.txt is a tensor as
PyTorch itself sees it: file, name, type, shape, and its elements in row-major order as bytes in hexadecimal digits, separated by tabs.
"""

import argparse
import collections
import functools
import pathlib
import sys
import types

import torch
from torch import nn

VERSION = ".".join(torch.__version__.split(".")[:2])
FOLDER = pathlib.Path(__file__).parent / f"torch-{VERSION}"
TYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64", torch.int32: "I32",
    torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}
if hasattr(torch, "uint16"):
    TYPES[torch.uint16] = "U16"


def numbers(count, dtype=torch.float32):
    """Different numbers of both signs, exact in every type but the integers without a sign, which get others."""
    values = torch.arange(count, dtype=torch.float64) * 0.75 - 5
    return values.to(dtype) if dtype.is_floating_point else torch.arange(count).remainder(2 if dtype == torch.bool else 200).sub(
        0 if dtype in (torch.uint8, torch.bool) else 100).to(dtype)


class Conv2d(nn.Module):
    """A layer with names of parameters and settings of its own, as those of the dVAE have."""

    def __init__(self, n_in, n_out, kw, use_float16=True, device=torch.device("cpu")):
        super().__init__()
        self.n_in, self.n_out, self.kw, self.use_float16, self.device = n_in, n_out, kw, use_float16, device
        self.w = nn.Parameter(numbers(n_out * n_in * kw * kw).reshape(n_out, n_in, kw, kw))
        self.b = nn.Parameter(numbers(n_out), requires_grad=False)


class EncoderBlock(nn.Module):
    def __init__(self, n_in, n_out, n_layers):
        super().__init__()
        self.post_gain = 1 / (n_layers ** 2)
        self.id_path = Conv2d(n_in, n_out, 1) if n_in != n_out else nn.Identity()
        self.res_path = nn.Sequential(collections.OrderedDict([("relu_1", nn.ReLU()), ("conv_1", Conv2d(n_in, n_out, 3))]))


class Encoder(nn.Module):
    """A small layer of layers with everything that a pickled one may hold besides parameters."""

    def __init__(self):
        super().__init__()
        self.group_count, self.vocab_size, self.device, self.dtype = 2, 8, torch.device("cpu"), torch.float32
        self.make = functools.partial(nn.LayerNorm, eps=1e-6)
        self.blocks = nn.Sequential(collections.OrderedDict([
            ("input", Conv2d(3, 2, 3)),
            ("group_1", nn.Sequential(collections.OrderedDict([("block_1", EncoderBlock(2, 2, 2)), ("pool", nn.MaxPool2d(kernel_size=2))]))),
            ("group_2", nn.Sequential(collections.OrderedDict([("block_1", EncoderBlock(2, 4, 2))]))),
        ]))
        self.norm = nn.BatchNorm2d(4)
        self.same = self.blocks.input
        self.register_buffer("kept", numbers(3))
        self.register_buffer("dropped", numbers(2), persistent=False)
        self.register_parameter("nothing", None)
        self.plain = numbers(5)


def package(name, *classes):
    """Says that the classes come from another module, which the tests do not have."""
    module = sys.modules.setdefault(name, types.ModuleType(name))
    for made in classes:
        made.__module__ = name
        setattr(module, made.__name__, made)


package("dall_e")
package("dall_e.utils", Conv2d)
package("dall_e.encoder", EncoderBlock, Encoder)


def kinds():
    return collections.OrderedDict(
        [(str(dtype).split(".")[1], numbers(6, dtype).reshape(2, 3)) for dtype in TYPES if TYPES[dtype] != "U16"]
        + [("scalar", torch.tensor(2.5)), ("count", torch.tensor(12345678901)), ("empty", torch.zeros(0, 3)), ("void", torch.zeros(2, 0, dtype=torch.int32)),
           ("name with \u00fc, dots. and / in it", numbers(1)), ("trained", numbers(2).requires_grad_()), ("parameter", nn.Parameter(numbers(2)))])


def views():
    row = numbers(60)
    matrix = row.reshape(6, 10)
    return {"row": row, "matrix": matrix, "transposed": matrix.t(), "part": matrix[1:5:2, 3:9:3], "column": matrix[:, 7], "last": row[59:],
            "none of it": row[60:], "expanded": row[4:5].expand(3, 2), "windows": row.as_strided((4, 5), (3, 1), 2),
            "permuted": row.reshape(3, 4, 5).permute(2, 0, 1), "images": numbers(48).reshape(2, 3, 2, 4).contiguous(memory_format=torch.channels_last),
            "half": numbers(8).half()[3:7]}


def nested():
    layer = nn.Linear(2, 3)
    with torch.no_grad():
        layer.weight.copy_(numbers(6).reshape(3, 2))
        layer.bias.copy_(numbers(3))
    adam = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 2)).sum().backward()
    adam.step()
    shared = numbers(4)
    tagged = nn.Parameter(numbers(2))
    tagged.note = "with an attribute"
    return {"model": layer.state_dict(), "optimizer": adam.state_dict(), "epoch": 3, "best": 0.25, "done": True, "nothing": None, "seed": 2 ** 70, "less": -3,
            "more": 70000, "raw": b"\x00\xff", "ids": {1, 2}, "args": argparse.Namespace(lr=0.1, hidden=[1, 2]), "list": [shared, (shared, "x"), []],
            "factory": collections.defaultdict(list, a=numbers(1)), "counts": collections.Counter("abba"), "device": torch.device("cpu"),
            "dtype": torch.bfloat16, "size": shared.shape, "pairs": {("a", "b"): [0]}, "tagged": tagged, 7: numbers(2), "text": "\U0001f600"}


def named(value, prefix=""):
    """The tensors of a value, as the tests expect their names."""
    if isinstance(value, torch.Tensor):
        yield prefix or "tensor", value
    elif isinstance(value, nn.Module):
        yield from named(value.state_dict(), prefix)
    elif isinstance(value, (dict, list, tuple)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from named(inner, f"{prefix}.{key}" if prefix else str(key))


expected = []
# The older form adds the source of every layer to a pickled one; a stand-in does.
torch.serialization.get_source_lines_and_file = lambda made, *others: ([f"class {made.__name__}: ...\n"], 1, "layers.py")


def save(name, value, **options):
    torch.save(value, FOLDER / name, **options)
    for key, tensor in named(value):
        elements = tensor.detach().contiguous()
        digits = bytes(elements.reshape(-1).view(torch.uint8).tolist()).hex() if elements.numel() else ""
        expected.append("\t".join([name, key, TYPES[tensor.dtype], str(list(tensor.shape)), digits]))


def main():
    FOLDER.mkdir(exist_ok=True)
    old = {"_use_new_zipfile_serialization": False}
    save("kinds.pt", kinds())
    save("kinds-stream.pt", kinds(), **old)
    save("encoder.pkl", Encoder())
    save("encoder-stream.pkl", Encoder(), **old)
    save("nested.pth", nested())
    if VERSION != "1.13":
        save("nested-stream.pth", nested(), **old)
        save("views.pt", views())
        save("views-stream.pt", views(), **old)
        for protocol in (1, 3, 4, 5):
            save(f"nested-{protocol}.pt", nested(), pickle_protocol=protocol)
            save(f"encoder-stream-{protocol}.pkl", Encoder(), pickle_protocol=protocol, **old)
        save("codes.pt", {"codes": torch.tensor([0, 1, 0xF201, 0xFFFF], dtype=torch.int32).to(torch.uint16)[1:]})
        save("alone.pt", numbers(3))
        save("none.pt", {"epoch": 3})
        torch.save({"x": torch.zeros(2).to_sparse()}, FOLDER / "refused-sparse.pt")
        torch.save({"x": torch.zeros(2, dtype=torch.complex64)}, FOLDER / "refused-complex.pt")
        torch.save({"x": torch.complex(numbers(2), numbers(2)).conj().imag}, FOLDER / "refused-negative.pt")
        torch.save({"x": torch.zeros(2, dtype=torch.float8_e5m2)}, FOLDER / "refused-float8.pt")
        torch.save({"x": torch.quantize_per_tensor(torch.zeros(2), 1.0, 0, torch.qint8)}, FOLDER / "refused-quantized.pt")
        torch.save({"x": torch.zeros(2, device="meta")}, FOLDER / "refused-meta.pt")
        torch.save({"x": pathlib.PurePosixPath("a")}, FOLDER / "refused-path.pt")
    (FOLDER / "expected.txt").write_text("\n".join(expected) + "\n", encoding="utf-8")


main()
