/// A callable that a pickle may name: one of those by which PyTorch and NumPy write tensors and arrays.
///
/// None is ever called. Each stands for a value that `PickleReader` builds itself from the arguments, and every other name ends the
/// reading.
enum PickleCallable: Equatable {
    /// `torch._utils._rebuild_tensor`, `_rebuild_tensor_v2` or `_rebuild_tensor_v3`.
    case tensor(version: UInt8)
    /// `torch._utils._rebuild_parameter`.
    case parameter
    /// A class of storages, such as `torch.FloatStorage`.
    case storage(PickledType)
    /// `torch.storage.UntypedStorage`, whose elements are bytes.
    case untypedStorage
    /// A type, such as `torch.float32`.
    case type(PickledType)
    /// `torch.Size` or `torch.device`, whose value is passed over.
    case passedOver
    /// `collections.OrderedDict`.
    case orderedDictionary
    /// `numpy.core.multiarray._reconstruct`, also of `numpy._core`.
    case array
    /// `numpy.core.numeric._frombuffer`, also of `numpy._core`.
    case arrayOfBuffer
    /// `numpy.ndarray`.
    case arrayClass
    /// `numpy.dtype`.
    case arrayType
    /// `numpy.core.multiarray.scalar`, also of `numpy._core`.
    case scalar
    /// `_codecs.encode`, by which pickles of protocol 2 hold bytes.
    case encode
    /// `builtins.bytes`, by which pickles of protocol 2 hold no bytes.
    case emptyBytes

    /// Finds a callable by the module and the name that a pickle gives it; nil for any other name.
    init?(module: String, name: String) {
        switch (module, name) {
        case ("torch._utils", "_rebuild_tensor"): self = .tensor(version: 1)
        case ("torch._utils", "_rebuild_tensor_v2"): self = .tensor(version: 2)
        case ("torch._utils", "_rebuild_tensor_v3"): self = .tensor(version: 3)
        case ("torch._utils", "_rebuild_parameter"): self = .parameter
        case ("torch.storage", "UntypedStorage"), ("torch", "UntypedStorage"): self = .untypedStorage
        case ("torch", "Size"), ("torch", "device"): self = .passedOver
        case ("torch", _):
            if let type = PickledType(storageClass: name) {
                self = .storage(type)
            } else if let type = PickledType(torch: name) {
                self = .type(type)
            } else {
                return nil
            }
        case ("ml_dtypes", "bfloat16"): self = .type(.bfloat16)
        case ("collections", "OrderedDict"): self = .orderedDictionary
        case ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"): self = .array
        case ("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer"): self = .arrayOfBuffer
        case ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"): self = .scalar
        case ("numpy", "ndarray"): self = .arrayClass
        case ("numpy", "dtype"): self = .arrayType
        case ("_codecs", "encode"): self = .encode
        case ("builtins", "bytes"), ("__builtin__", "bytes"): self = .emptyBytes
        default: return nil
        }
    }

    /// Describes what a name that is not read stands for, and the way out, if it is one that is often met.
    static func refusal(module: String, name: String) -> (meaning: String?, remedy: String) {
        if module.hasPrefix("torch") {
            if name.contains("meta_tensor") { return ("a tensor on the meta device, which has no values", "save a tensor with values") }
            if name.contains("qtensor") { return ("a quantized tensor", "save tensor.dequantize()") }
            if name.contains("sparse") { return ("a sparse tensor", "save tensor.to_dense()") }
            if name.contains("nested") { return ("a nested tensor", "save tensor.to_padded_tensor(0)") }
            if name.contains("from_type") || name.contains("subclass") || name.contains("with_state") {
                return ("a tensor with attributes of its own", "save tensor.detach().clone() without them")
            }
            return (nil, "save the tensors alone: torch.save({'logits': logits, 'label': label}, path)")
        }
        if module.hasPrefix("joblib") { return ("an array as joblib stores it", "save it with np.save, or with pickle.dump") }
        if module.hasPrefix("pandas") { return ("an object of pandas", "write it with to_parquet or to_csv") }
        if module.hasPrefix("scipy.sparse") { return ("a sparse matrix", "save matrix.toarray() with np.save") }
        if module.hasPrefix("numpy.ma") { return ("a masked array", "save array.filled() with np.save") }
        if module.hasPrefix("jax") { return ("an array of JAX", "save np.asarray(array) with np.save") }
        return (nil, "save the arrays alone, such as with np.savez")
    }
}
