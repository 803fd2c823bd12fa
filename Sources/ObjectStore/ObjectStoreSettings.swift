#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The choices that hold for all objects that a process reads.
///
/// ```swift
/// var settings = ObjectStoreSettings()
/// settings.connectionCount = 32
/// ObjectStore.shared.configure(settings)
/// ```
public struct ObjectStoreSettings: Sendable {
    /// The largest number of connections that are open at the same time, at least 1, each served by a thread of its own.
    public var connectionCount = 16
    /// True to read an object although the server cannot say whether it is still the same one, or says that it is not: behind some
    /// balancers the servers give other tags for the same bytes.
    public var isUnpinned = false
    /// True to send requests to S3 without a signature, as public buckets allow.
    public var isUnsigned = false
    /// True to say that the caller pays for the transfer, as some buckets of S3 demand.
    public var isRequesterPaying = false
    /// The variables of the environment by which keys and servers are found; nil for those of the process.
    public var environment: [String: String]?

    /// Creates settings.
    ///
    /// - Parameter environment: The variables of the environment; nil for those of the process.
    public init(environment: [String: String]? = nil) { self.environment = environment }

    /// The waits between tries.
    var retryPolicy = RetryPolicy()
    /// The seed of the waits between tries.
    var seed: UInt64 = 0x5EED

    /// The value of a variable that is set and not empty.
    func variable(_ name: String) -> String? {
        // Unsafe: the C string is copied at once.
        let value = if let environment { environment[name] } else { getenv(name).map { String(cString: $0) } }
        return value.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The file of certificates that servers' are checked against; nil for the system's.
    var certificateFile: String? { variable("AWS_CA_BUNDLE") ?? variable("CURL_CA_BUNDLE") ?? variable("SSL_CERT_FILE") }
}
