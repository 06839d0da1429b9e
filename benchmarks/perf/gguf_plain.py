"""A GGUF file with its quantized tensors in bf16: the same weights, as the engine has them."""

from pathlib import Path

import gguf

_OURS = {"general.file_type", "general.quantization_version", "general.architecture"}


def write_plain(source: Path, target: Path) -> Path:
    """Write `target` with the tensors of `source` in bf16; vectors stay in float32."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, reader.fields["general.architecture"].contents())
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    for name, field in reader.fields.items():
        if name in _OURS or name.startswith("GGUF."):
            continue
        kinds = field.types
        inner = kinds[-1] if kinds[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), kinds[0], sub_type=inner)
    for tensor in reader.tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type)
        if values.ndim > 1:
            kind = gguf.GGMLQuantizationType.BF16
            writer.add_tensor(tensor.name, gguf.quantize(values, kind), raw_dtype=kind)
        else:
            writer.add_tensor(tensor.name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
