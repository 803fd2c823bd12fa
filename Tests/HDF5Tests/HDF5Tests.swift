import Testing

@Suite struct HDF5Placeholder {}
