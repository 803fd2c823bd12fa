import Testing

@Suite struct ArrowIPCPlaceholder {}
