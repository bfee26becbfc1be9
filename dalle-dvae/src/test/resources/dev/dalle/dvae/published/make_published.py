"""Makes small encoders and decoders of the form in which those of the paper were published, and what PyTorch computes with them, in the folder of this script.

Usage: python make_published.py, with PyTorch 2.6. encoder.pkl and decoder.pkl are whole layers, pickled, of classes dall_e.encoder.Encoder and
dall_e.decoder.Decoder, with the fields that theirs have; encoder-stream.pkl is the same in the older form. expected.pt has pixels in [0, 1], the logits of the
encoder, tokens, and the maps that the decoder makes of the tokens, all with channels before height and width.
"""

import collections
import math
import pathlib
import sys
import types

import torch
import torch.nn.functional as F
from torch import nn

FOLDER = pathlib.Path(__file__).parent
WIDTH, INIT, VOCABULARY, GROUPS, BLOCKS = 4, 3, 10, 4, 2


class Conv2d(nn.Module):
    def __init__(self, n_in, n_out, kw, use_float16=True):
        super().__init__()
        self.n_in, self.n_out, self.kw, self.use_float16, self.device, self.requires_grad = n_in, n_out, kw, use_float16, torch.device("cpu"), False
        self.w = nn.Parameter(torch.randn(n_out, n_in, kw, kw) * math.sqrt(2 / (n_in * kw * kw)), requires_grad=False)
        self.b = nn.Parameter(torch.randn(n_out) * 0.2, requires_grad=False)

    def forward(self, x):
        return F.conv2d(x, self.w, self.b, padding=(self.kw - 1) // 2)


def path(n_in, n_out, kernels):
    hidden = n_out // 4
    sizes = [n_in, hidden, hidden, hidden, n_out]
    layers = collections.OrderedDict()
    for i, kernel in enumerate(kernels):
        layers[f"relu_{i + 1}"] = nn.ReLU()
        layers[f"conv_{i + 1}"] = Conv2d(sizes[i], sizes[i + 1], kernel)
    return nn.Sequential(layers)


class Block(nn.Module):
    kernels = ()

    def __init__(self, n_in, n_out, n_layers):
        super().__init__()
        self.n_in, self.n_out, self.n_layers, self.device, self.requires_grad = n_in, n_out, n_layers, torch.device("cpu"), False
        self.n_hid, self.post_gain = n_out // 4, 1 / (n_layers ** 2)
        self.id_path = Conv2d(n_in, n_out, 1) if n_in != n_out else nn.Identity()
        self.res_path = path(n_in, n_out, self.kernels)

    def forward(self, x):
        return self.id_path(x) + self.post_gain * self.res_path(x)


class EncoderBlock(Block):
    kernels = (3, 3, 3, 1)


class DecoderBlock(Block):
    kernels = (1, 3, 3, 3)


def groups(block, n_in, widths, between):
    for i, n_out in enumerate(widths):
        layers = collections.OrderedDict()
        for j in range(BLOCKS):
            layers[f"block_{j + 1}"] = block(n_in, n_out, GROUPS * BLOCKS)
            n_in = n_out
        if i < len(widths) - 1:
            layers.update(between())
        yield f"group_{i + 1}", nn.Sequential(layers)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.group_count, self.n_hid, self.n_blk_per_group, self.input_channels, self.vocab_size = GROUPS, WIDTH, BLOCKS, 3, VOCABULARY
        self.device, self.requires_grad, self.use_mixed_precision = torch.device("cpu"), False, True
        widths = [WIDTH << i for i in range(GROUPS)]
        self.blocks = nn.Sequential(collections.OrderedDict([
            ("input", Conv2d(3, WIDTH, 7)),
            *groups(EncoderBlock, WIDTH, widths, lambda: {"pool": nn.MaxPool2d(kernel_size=2)}),
            ("output", nn.Sequential(collections.OrderedDict([("relu", nn.ReLU()), ("conv", Conv2d(widths[-1], VOCABULARY, 1, use_float16=False))]))),
        ]))

    def forward(self, x):
        return self.blocks(x)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.group_count, self.n_init, self.n_hid, self.n_blk_per_group, self.output_channels = GROUPS, INIT, WIDTH, BLOCKS, 3
        self.vocab_size, self.device, self.requires_grad, self.use_mixed_precision = VOCABULARY, torch.device("cpu"), False, True
        widths = [WIDTH << i for i in reversed(range(GROUPS))]
        self.blocks = nn.Sequential(collections.OrderedDict([
            ("input", Conv2d(VOCABULARY, INIT, 1, use_float16=False)),
            *groups(DecoderBlock, INIT, widths, lambda: {"upsample": nn.Upsample(scale_factor=2, mode="nearest")}),
            ("output", nn.Sequential(collections.OrderedDict([("relu", nn.ReLU()), ("conv", Conv2d(widths[-1], 2 * 3, 1))]))),
        ]))

    def forward(self, x):
        return self.blocks(x)


def package(name, *classes):
    """Says that the classes come from another module, which those who read the files do not have."""
    module = sys.modules.setdefault(name, types.ModuleType(name))
    for made in classes:
        made.__module__ = name
        setattr(module, made.__name__, made)


package("dall_e")
package("dall_e.utils", Conv2d)
package("dall_e.encoder", EncoderBlock, Encoder)
package("dall_e.decoder", DecoderBlock, Decoder)
# The older form adds the source of every layer to a pickled one; a stand-in does.
torch.serialization.get_source_lines_and_file = lambda made, *others: ([f"class {made.__name__}: ...\n"], 1, "layers.py")


def main():
    torch.manual_seed(3)
    encoder, decoder = Encoder(), Decoder()
    torch.save(encoder, FOLDER / "encoder.pkl")
    torch.save(encoder, FOLDER / "encoder-stream.pkl", _use_new_zipfile_serialization=False)
    torch.save(decoder, FOLDER / "decoder.pkl")
    pixels = torch.rand(2, 3, 16, 24)
    logits = encoder(0.8 * pixels + 0.1)
    tokens = torch.randint(VOCABULARY, (2, 2, 3))
    maps = decoder(F.one_hot(tokens, VOCABULARY).permute(0, 3, 1, 2).float())
    torch.save({"pixels": pixels, "logits": logits, "tokens": tokens.int(), "maps": maps}, FOLDER / "expected.pt")


main()
