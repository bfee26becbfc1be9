"""Writes src/test/resources/dev/dalle/tokenizer/huggingface-licence.txt from the LICENSE file of this repository.

Run in the folder dalle-tokenizer with the Python package tokenizers 0.23.3:
    python src/test/scripts/huggingface_golden.py
Same split rule and settings as in HuggingFaceGoldenTest: at most 1000 merges, minimum frequency 2.
"""
import json

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

MAX_MERGES = 1000
lines = open("../LICENSE", encoding="utf-8").read().split("\n")

tokenizer = Tokenizer(models.BPE())
tokenizer.normalizer = normalizers.Lowercase()
tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("[^a-z]"), "isolated")
alphabet = sorted(set("".join(lines).lower()))
tokenizer.train_from_iterator(lines, trainers.BpeTrainer(
    vocab_size=len(alphabet) + MAX_MERGES, min_frequency=2, initial_alphabet=alphabet, show_progress=False))

merges = [" ".join(m) for m in json.loads(tokenizer.to_str())["model"]["merges"]]
with open("src/test/resources/dev/dalle/tokenizer/huggingface-licence.txt", "w", encoding="utf-8") as out:
    for merge in merges:
        out.write(merge + "\n")
    out.write("\n")
    # The tokens of each line that has any, with a bar after each token.
    for line in lines:
        if line.strip():
            out.write("".join(token + "|" for token in tokenizer.encode(line).tokens) + "\n")
