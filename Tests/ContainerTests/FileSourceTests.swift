import Foundation
import Glibc
import SeededRandom
import Synchronization
import SystemPackage
import Testing

@testable import Container

/// Files that are opened when they are read, and the bound on open descriptors.
@Suite(.timeLimit(.minutes(5))) struct FileSourceTests {
    private func read(_ file: ContainerFile) throws -> [UInt8] {
        let decoder = Decoder()
        decoder.start(wholeOf: file)
        return try readAll(decoder, bufferByteCount: nil)
    }

    /// The numbers of this process's descriptors that lead to one of `paths`.
    private static func descriptorCount(of paths: Set<String>) -> Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        var name = [CChar](repeating: 0, count: 4096)
        while let entry = readdir(folder) {
            let number = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            let length = readlink("/proc/self/fd/\(number)", &name, name.count)
            guard length > 0 else { continue }
            if paths.contains(String(decoding: name[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)) { count += 1 }
        }
        return count
    }

    /// Files of a test, whose own descriptors are closed, so that those that are open are the cache's.
    private final class ClosedFile: Sendable {
        let path: String

        init(_ bytes: [UInt8]) {
            var template = Array("/tmp/xent-source-XXXXXX".utf8CString)
            let descriptor = mkstemp(&template)
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            precondition(Glibc.write(descriptor, bytes, bytes.count) == bytes.count, "the file cannot be written")
            Glibc.close(descriptor)
        }

        func replace(_ bytes: [UInt8]) {
            let descriptor = Glibc.open(path, O_WRONLY | O_TRUNC)
            precondition(Glibc.write(descriptor, bytes, bytes.count) == bytes.count, "the file cannot be written")
            Glibc.close(descriptor)
        }

        /// Sets the time of modification, in seconds.
        func setTime(_ seconds: Int) {
            let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
            precondition(utimensat(AT_FDCWD, path, times, 0) == 0, "the time cannot be set")
        }

        deinit { unlink(path) }
    }

    /// Calls `body` with each number below `count` on a thread of its own, whatever the number of processors.
    private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let group = DispatchGroup()
        for number in 0..<count {
            group.enter()
            Thread.detachNewThread {
                body(number)
                group.leave()
            }
        }
        group.wait()
    }

    private final class Counter: Sendable {
        let value = Atomic<Int>(0)
    }

    @Test func limits() {
        for (descriptors, limit) in [(-1, 256), (0, 1), (4, 1), (8, 2), (16, 4), (20, 5), (256, 64), (1024, 256), (.max, 256)] {
            #expect(DescriptorCache.limit(descriptorCountLimit: descriptors) == limit)
        }
        #expect((1...256).contains(DescriptorCache.shared.limit))
    }

    /// A hundred files and four descriptors, from eight threads: the right bytes, and never more than four descriptors.
    @Test func manyFilesWithFewDescriptors() throws {
        let limit = 4
        let cache = DescriptorCache(limit: limit)
        let contents = (0..<100).map { ZstdFixture.data(3000 + 100 * $0, seed: UInt64($0)) }
        let files = contents.enumerated().map { index, data in
            ClosedFile(index % 2 == 0 ? data : ZstdFixture.build(.seekableFullyChecked, data, frameByteCount: 1000).bytes)
        }
        let paths = Set(files.map(\.path))
        let opened = try files.map { try ContainerFile(source: FileSource(path: $0.path, cache: cache)) }
        #expect(cache.openCount == limit && Self.descriptorCount(of: paths) == limit)
        let wrong = Counter()
        let most = Counter()
        for round in 0..<10 {
            onThreads(8) { worker in
                let decoder = Decoder()
                var random = SplitMix64(seed: UInt64(8 * round + worker))
                for _ in 0..<15 {
                    let index = Int.random(in: 0..<files.count, using: &random)
                    decoder.start(wholeOf: opened[index])
                    if (try? readAll(decoder, bufferByteCount: 2000)) != contents[index] { wrong.value.add(1, ordering: .relaxed) }
                    most.value.max(cache.openCount, ordering: .relaxed)
                }
            }
            // Between the rounds, since a list of the descriptors is no snapshot while threads open and close them.
            #expect(Self.descriptorCount(of: paths) == limit)
        }
        #expect(wrong.value.load(ordering: .relaxed) == 0)
        #expect(most.value.load(ordering: .relaxed) == limit)
    }

    /// More threads in the middle of a read than descriptors: each has the file that it asked for, and the others wait.
    @Test func aDescriptorInUseIsNotClosed() throws {
        let limit = 3
        let cache = DescriptorCache(limit: limit)
        let files = (0..<20).map { ClosedFile([UInt8($0)]) }
        let slots = files.map { _ in DescriptorCache.Slot() }
        let wrong = Counter()
        let inUse = Counter()
        let mostInUse = Counter()
        onThreads(8) { worker in
            for number in 0..<60 {
                let index = (7 * worker + number) % files.count
                cache.withDescriptor(of: slots[index], open: { FileDescriptor(rawValue: Glibc.open(files[index].path, O_RDONLY)) }) {
                    mostInUse.value.max(inUse.value.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
                    usleep(200)
                    var byte: UInt8 = 255
                    if pread($0.rawValue, &byte, 1, 0) != 1 || byte != UInt8(index) { wrong.value.add(1, ordering: .relaxed) }
                    inUse.value.subtract(1, ordering: .relaxed)
                }
            }
        }
        #expect(wrong.value.load(ordering: .relaxed) == 0)
        // At some time as many threads as possible; two may use one descriptor.
        #expect(mostInUse.value.load(ordering: .relaxed) >= limit && cache.openCount == limit)
        for slot in slots { cache.forget(slot) }
        #expect(cache.openCount == 0)
    }

    @Test func theOldestIsClosedFirst() {
        let cache = DescriptorCache(limit: 2)
        let files = (0..<3).map { ClosedFile([UInt8($0)]) }
        let slots = files.map { _ in DescriptorCache.Slot() }
        var openings: [Int] = []
        func use(_ index: Int) {
            cache.withDescriptor(
                of: slots[index],
                open: {
                    openings.append(index)
                    return FileDescriptor(rawValue: Glibc.open(files[index].path, O_RDONLY))
                }
            ) { _ in }
        }
        for index in [0, 1, 0, 2, 0, 1] { use(index) }
        #expect(openings == [0, 1, 2, 1])
        for slot in slots { cache.forget(slot) }
    }

    /// A system that gives fewer descriptors than the limit says.
    private final class FewDescriptors: Sendable {
        private let count: Int
        private let paths: Set<String>
        private let lock = Mutex(())

        init(_ count: Int, for files: [ClosedFile]) {
            self.count = count
            paths = Set(files.map(\.path))
        }

        /// Opens a file, unless as many are open as can be.
        func open(_ path: String) throws(ContainerError) -> FileDescriptor {
            let descriptor = lock.withLock { _ -> CInt? in
                FileSourceTests.descriptorCount(of: paths) < count ? Glibc.open(path, O_RDONLY | O_CLOEXEC) : nil
            }
            guard let descriptor else { throw ContainerError(path: path, kind: .tooManyOpenFiles, problem: "no descriptor is left") }
            return FileDescriptor(rawValue: descriptor)
        }
    }

    /// Reads a file's first byte by way of a cache; 255 if it cannot be read.
    private static func firstByte(
        of file: ClosedFile, _ slot: DescriptorCache.Slot, _ cache: DescriptorCache, _ system: FewDescriptors
    ) throws(ContainerError) -> UInt8 {
        func open() throws(ContainerError) -> FileDescriptor { try system.open(file.path) }
        func read(_ descriptor: FileDescriptor) throws(ContainerError) -> UInt8 {
            var byte: UInt8 = 255
            return pread(descriptor.rawValue, &byte, 1, 0) == 1 ? byte : 255
        }
        return try cache.withDescriptor(of: slot, open: open, read)
    }

    /// Reads by way of a cache whose limit the system does not allow: other files are closed, or waited for.
    @Test(arguments: [1, 2, 3], [1, 8])
    func fewerDescriptorsThanTheLimit(count: Int, threads: Int) throws {
        let cache = DescriptorCache(limit: 10)
        let files = (0..<20).map { ClosedFile([UInt8($0)]) }
        let system = FewDescriptors(count, for: files)
        let slots = files.map { _ in DescriptorCache.Slot() }
        let wrong = Counter()
        onThreads(threads) { worker in
            for number in 0..<100 {
                let index = (7 * worker + 3 * number) % files.count
                let byte = try? Self.firstByte(of: files[index], slots[index], cache, system)
                if byte != UInt8(index) { wrong.value.add(1, ordering: .relaxed) }
            }
        }
        #expect(wrong.value.load(ordering: .relaxed) == 0)
        #expect(cache.openCount <= count)
        for slot in slots { cache.forget(slot) }
        // With nothing left to close the error is the caller's.
        let none = FewDescriptors(0, for: files)
        let error = containerError { _ = try Self.firstByte(of: files[0], slots[0], cache, none) }
        #expect(error?.kind == .tooManyOpenFiles && cache.openCount == 0)
    }

    /// A file that cannot be opened leaves no place taken.
    @Test func failuresToOpen() throws {
        let cache = DescriptorCache(limit: 1)
        for _ in 0..<3 {
            #expect(containerError { _ = try FileSource(path: "/nonexistent", cache: cache) }?.kind == .notFound)
            #expect(containerError { _ = try FileSource(path: "/tmp", cache: cache) }?.kind == .isDirectory)
            #expect(containerError { _ = try FileSource(path: "/dev/null", cache: cache) }?.kind == .notRegularFile)
        }
        #expect(cache.openCount == 0)
        let file = ClosedFile([1, 2, 3])
        #expect(try read(ContainerFile(source: FileSource(path: file.path, cache: cache))) == [1, 2, 3])
        // Released with the file.
        #expect(cache.openCount == 0)
    }

    /// A file that is another one when it is opened again.
    @Test func filesThatChangeWhileTheyAreClosed() throws {
        let data = ZstdFixture.data(2000, seed: 9)
        let other = ClosedFile([1])
        let changes: [(String, (ClosedFile) -> Void)] = [
            ("longer", { $0.replace(data + [1]) }), ("shorter", { $0.replace(Array(data.dropLast())) }),
            (
                "rewritten",
                {
                    $0.replace(data)
                    $0.setTime(2000)
                }
            ), ("touched", { $0.setTime(2000) }),
            ("removed", { unlink($0.path) }),
            (
                "replaced",
                {
                    let replacement = ClosedFile(data)
                    replacement.setTime(1000)
                    rename(replacement.path, $0.path)
                }
            ),
        ]
        for (name, change) in changes {
            let cache = DescriptorCache(limit: 1)
            let file = ClosedFile(data)
            file.setTime(1000)
            let opened = try ContainerFile(source: FileSource(path: file.path, cache: cache))
            let neighbour = try ContainerFile(source: FileSource(path: other.path, cache: cache))
            #expect(try read(opened) == data)
            // Takes the one descriptor.
            #expect(try read(neighbour) == [1])
            change(file)
            let error = containerError { _ = try read(opened) }
            #expect(error?.kind == .fileChanged && error?.path == file.path, "\(name)")
            let change = name == "removed" ? "removed or renamed" : "changed"
            #expect(error?.problem == "the file was \(change) while it was being read", "\(name)")
            #expect(try read(neighbour) == [1])
        }
    }

    /// A change of an open file is found at the beginning of the next run.
    @Test func aFileThatChangesWhileItIsOpen() throws {
        let data = ZstdFixture.data(2000, seed: 10)
        let file = ClosedFile(data)
        file.setTime(1000)
        let opened = try ContainerFile(path: file.path)
        #expect(try read(opened) == data)
        file.setTime(1001)
        #expect(containerError { _ = try read(opened) }?.kind == .fileChanged)
        #expect(try read(ContainerFile(path: file.path)) == data)
    }

    /// A path that leads to a descriptor stays open, whatever becomes of the file's name and of the other files.
    @Test func descriptorsThatCannotBeOpenedAgain() throws {
        let data = ZstdFixture.data(2000, seed: 11)
        let file = ClosedFile(data)
        let descriptor = Glibc.open(file.path, O_RDONLY)
        let opened = try ["/dev/fd/\(descriptor)", "/proc/self/fd/\(descriptor)"].map { try ContainerFile(path: $0) }
        close(descriptor)
        unlink(file.path)
        for (number, file) in opened.enumerated() { #expect(try read(file) == data, "\(number)") }
    }

    @Test func readsOutsideOfTheFile() throws {
        let file = ClosedFile([1, 2, 3])
        let source = try FileSource(path: file.path)
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 1)
        defer { room.deallocate() }
        for (byteOffset, count) in [(-1, 0), (0, 3), (2, 1), (3, 0), (.max - 8, 0)] {
            #expect(try source.read(at: byteOffset, into: room, isCancelled: nil) == count)
        }
    }
}
