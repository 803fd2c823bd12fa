import Engine
#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Outputs must not overwrite inputs, nor each other.
enum OutputPaths {
    static func check(outputs: [(option: String, path: String?)], inputs: [String]) throws {
        var taken: [Place: String] = [:]
        for input in inputs { taken[Place(input)] = "an input" }
        for (option, path) in outputs {
            guard let path, path != "-" else { continue }
            let place = Place(path)
            // Devices and pipes can be written to twice.
            guard place.isFile else { continue }
            if let holder = taken[place] {
                throw EngineError(usage: "\(option) \(path) is also \(holder)", remedy: "give the output another name")
            }
            taken[place] = option
        }
    }

    /// The file itself where there is one, whatever names it has; else its name.
    private enum Place: Hashable {
        case file(device: UInt64, number: UInt64)
        case other
        case name(String)

        init(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else {
                // Not there yet: the folder is, by whatever name.
                let name = path.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? path
                let folder = String(path.dropLast(name.count))
                guard let resolved = realpath(folder.isEmpty ? "." : folder, nil) else {
                    self = .name(path)
                    return
                }
                self = .name(String(cString: resolved) + "/" + name)
                free(resolved)
                return
            }
            self = status.st_mode & S_IFMT == S_IFREG ? .file(device: UInt64(status.st_dev), number: UInt64(status.st_ino)) : .other
        }

        var isFile: Bool { self != .other }
    }
}
