/// The number of processors that Linux's control groups let a process use: containers and batch systems set it.
///
/// A group has a quota of processor time in each period (cgroups(7), cpu.max; in version 1 cpu.cfs_quota_us and cpu.cfs_period_us). The
/// quota binds the groups below as well, so the lowest quota on the way to the root counts.
enum CgroupProcessorLimit {
    private static let root = "/sys/fs/cgroup"

    /// The lowest number of processors that the process's groups and their parents allow; nil where no group has a quota.
    ///
    /// - Parameters:
    ///   - groups: The text of `/proc/self/cgroup`.
    ///   - text: Returns the text of a file; nil where there is none.
    static func processorCount(groups: String, text: (_ path: String) -> String?) -> Int? {
        var lowest: Int?
        for line in groups.split(separator: "\n") {
            // The fields are a hierarchy's number, its controllers, and the group's path, which may have colons in it.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let controllers = fields[1].split(separator: ",")
            let mounts: [String]
            if fields[0] == "0", controllers.isEmpty {
                mounts = [root]
            } else if controllers.contains("cpu") {
                mounts = [root + "/" + fields[1], root + "/cpu"]
            } else {
                continue
            }
            for folder in mounts.flatMap({ folders(below: $0, path: fields[2]) }) {
                let count =
                    controllers.isEmpty
                    ? text(folder + "/cpu.max").flatMap { processorCount(maximum: $0) }
                    : text(folder + "/cpu.cfs_quota_us").flatMap { quota in
                        text(folder + "/cpu.cfs_period_us").flatMap { processorCount(quota: quota, period: $0) }
                    }
                if let count { lowest = min(lowest ?? count, count) }
            }
        }
        return lowest
    }

    /// Lists the folders of a group and of its parents, up to the mount. A container may see a path of its host that leads nowhere inside
    /// the container. Then the mount itself is the container's group.
    private static func folders(below mount: String, path: Substring) -> [String] {
        let names = path.split(separator: "/")
        // The path of a group outside of the visible part of the tree goes up.
        if names.contains("..") { return [mount] }
        return (0...names.count).map { ([mount] + names[..<$0].map(String.init)).joined(separator: "/") }
    }

    /// The number of processors that the text of `cpu.max` allows, such as 2 for `150000 100000`. It is nil for `max 100000`, which is no
    /// limit, and for any other text.
    static func processorCount(maximum text: String) -> Int? {
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2 else { return nil }
        return processorCount(quota: String(fields[0]), period: String(fields[1]))
    }

    /// The number of processors that a quota for each period allows, both in microseconds: their quotient rounded up, at least 1. It is nil
    /// for a quota that is no limit (`-1`, `max`), and for texts that are no numbers.
    static func processorCount(quota: String, period: String) -> Int? {
        let numbers = [quota, period].compactMap { text in text.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) } }
        guard numbers.count == 2, numbers[0] > 0, numbers[1] > 0 else { return nil }
        return (numbers[0] - 1) / numbers[1] + 1
    }
}
