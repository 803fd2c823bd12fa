import ArgumentParser
import ObjectStore

/// Options for inputs that are URLs.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How many connections read URLs at the same time; each takes up to 8 MiB of memory. Default: 16.", valueName: "n"))
    var connections: Int?

    @Flag(help: "Read a URL although its server cannot tell whether it changes meanwhile, or seems to give several versions of it.")
    var unpinned = false

    @Flag(help: "Read s3:// URLs without a signature, as public buckets allow.")
    var noSignRequest = false

    @Flag(help: "Say that you pay for the transfer, as some buckets demand.")
    var requesterPays = false

    func validate() throws {
        if let connections, !(1...1024).contains(connections) {
            throw ValidationError("--connections must be from 1 to 1024, not \(connections).")
        }
    }

    /// Sets what the options say, for the process. It is called before the first URL is looked at.
    func apply() {
        var settings = ObjectStoreSettings()
        if let connections { settings.connectionCount = connections }
        settings.isUnpinned = unpinned
        settings.isUnsigned = noSignRequest
        settings.isRequesterPaying = requesterPays
        ObjectStore.shared.configure(settings)
    }
}
