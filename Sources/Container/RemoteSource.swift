package import ObjectStore

/// An object of a store, or behind a web address, read by ranges.
///
/// Every range is of the version that was opened, so that the source needs no identity: where the object changes, reading throws
/// `.objectChanged`.
final class RemoteSource: ByteSource {
    let name: String
    /// Any part of the object can be read, unless it is read once, from its beginning to its end.
    let access: ByteAccess
    private let object: RemoteObject

    init(_ object: RemoteObject, access: ByteAccess) {
        self.object = object
        self.access = access
        name = object.name
    }

    /// Opens the object of a URL.
    ///
    /// Frames of zstd without a seek table, and blocks of BGZF, have their places found from frame to frame, which would bring a large
    /// object over the network twice: it is read forward, once.
    ///
    /// - Throws: `.notFound`, `.permissionDenied`, `.cannotOpen`, `.readFailed`, `.objectChanged`, `.cancelled`.
    static func source(of url: String, isCancelled: (@Sendable () -> Bool)?) throws(ContainerError) -> any ByteSource {
        let object: RemoteObject
        do throws(ObjectStoreError) {
            object = try ObjectStore.shared.open(url, isCancelled: isCancelled)
        } catch {
            throw ContainerError(error, path: url)
        }
        let source = RemoteSource(object, access: .random)
        guard object.byteCount > forwardByteCount else { return source }
        return try Layout.needsWalk(StoredBytes(source, path: url, isCancelled: isCancelled)) 
            ? RemoteSource(object, access: .sequential) : source
    }

    /// The size in bytes up to which an object's blocks stay in memory between the walk through its frames and their reading.
    private static let forwardByteCount = 64 << 20

    var version: StoredVersion? { StoredVersion(entityTag: object.entityTag, versionID: object.versionID) }

    var byteCount: Int? { object.byteCount }

    func read(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
    ) throws(ByteSourceError) -> Int {
        // Who reads in order gives no advice.
        if access == .sequential { object.adviseWillRead(byteOffset..<byteOffset + 1) }
        do throws(ObjectStoreError) {
            return try object.read(at: byteOffset, into: buffer, isCancelled: isCancelled)
        } catch {
            throw ByteSourceError(error)
        }
    }

    func adviseWillRead(_ byteRange: Range<Int>) { object.adviseWillRead(byteRange) }
}

extension ByteSourceError {
    init(_ error: ObjectStoreError) {
        let kind: ContainerError.Kind =
            switch error.kind {
            case .notFound: .notFound
            case .permissionDenied: .permissionDenied
            case .cannotOpen: .cannotOpen
            case .readFailed: .readFailed
            case .objectChanged: .objectChanged
            case .cancelled: .cancelled
            }
        self.init(
            kind: kind, byteOffset: error.byteOffset, problem: error.problem, found: error.found, allowed: error.allowed,
            remedy: error.remedy)
    }
}

extension ContainerError {
    /// The error of an object that messages call `path`.
    package init(_ error: ObjectStoreError, path: String) { self.init(ByteSourceError(error), path: path) }
}
