"""Text as numbers, for the language models: by character and by byte-pair encoding."""

from __future__ import annotations

import torch
from torch import Tensor

ASCII = "\n" + "".join(map(chr, range(32, 127))) + "\ufffd"  # 97 characters; the last stands for every other


class Characters:
    """Tokens that are characters. Called on a text it returns their numbers (N,) int64; `decode` goes back.

    A character that is not in `alphabet` becomes "\ufffd" if that is, else raises ValueError.
    """

    def __init__(self, alphabet: str = ASCII) -> None:
        self.alphabet = alphabet
        self.number = {character: i for i, character in enumerate(alphabet)}

    def __len__(self) -> int:
        return len(self.alphabet)

    def __call__(self, text: str) -> Tensor:
        other = self.number.get("\ufffd")
        numbers = [self.number.get(character, other) for character in text]
        if None in numbers:
            raise ValueError(f"The character {text[numbers.index(None)]!r} is not in this model's alphabet.")
        return torch.tensor(numbers, dtype=torch.int64)

    def decode(self, tokens: Tensor) -> str:
        return "".join(self.alphabet[i] for i in tokens.tolist())

    def __str__(self) -> str:
        return self.alphabet


class Pairs:
    """Tokens by byte-pair encoding on bytes (Sennrich, Haddow and Birch, 2016), so that every text has some.

    state: what str() of another one returned. `learn` makes one from a text. Needs the package tokenizers.
    """

    def __init__(self, state: str) -> None:
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_str(state)

    @classmethod
    def learn(cls, text: str, V: int) -> Pairs:
        """V tokens: the 256 bytes and the V - 256 merges that shorten `text` most, one after the other."""
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(vocab_size=V, initial_alphabet=alphabet, show_progress=False)
        tokenizer.train_from_iterator([text], trainer)
        return cls(tokenizer.to_str())

    def __len__(self) -> int:
        return self.tokenizer.get_vocab_size()

    def __call__(self, text: str) -> Tensor:
        return torch.tensor(self.tokenizer.encode(text).ids, dtype=torch.int64)

    def decode(self, tokens: Tensor) -> str:
        return self.tokenizer.decode(tokens.tolist())

    def __str__(self) -> str:
        return self.tokenizer.to_str()
