import Testing

@testable import WorkStealing

@Suite struct CgroupProcessorLimitTests {
    private func count(_ groups: String, _ files: [String: String]) -> Int? {
        CgroupProcessorLimit.processorCount(groups: groups) { files[$0] }
    }

    @Test func quotas() {
        for (text, count) in [
            ("max 100000\n", nil), ("200000 100000\n", 2), ("150000 100000", 2), ("1000 100000\n", 1), ("100001 100000", 2), ("1 1", 1),
            ("9223372036854775807 1", .max), ("9223372036854775807 9223372036854775807", 1), ("0 100000", nil), ("-1 100000", nil),
            ("100000 0", nil), ("100000", nil), ("", nil), ("a b", nil), ("1 2 3", nil), ("99999999999999999999 1", nil),
        ] as [(String, Int?)] {
            #expect(CgroupProcessorLimit.processorCount(maximum: text) == count, "\(text)")
        }
        #expect(CgroupProcessorLimit.processorCount(quota: "-1\n", period: "100000\n") == nil)
        #expect(CgroupProcessorLimit.processorCount(quota: "250000\n", period: "100000\n") == 3)
        #expect(CgroupProcessorLimit.processorCount(quota: "", period: "100000\n") == nil)
    }

    /// Version 2: the lowest of the group's and its parents'.
    @Test func theUnifiedHierarchy() {
        let groups = "0::/user.slice/job:7.scope\n"
        let root = "/sys/fs/cgroup"
        let none = "max 100000\n"
        #expect(count(groups, [:]) == nil)
        #expect(count(groups, [root + "/user.slice/cpu.max": none, root + "/user.slice/job:7.scope/cpu.max": none]) == nil)
        #expect(count(groups, [root + "/user.slice/cpu.max": none, root + "/user.slice/job:7.scope/cpu.max": "300000 100000"]) == 3)
        #expect(count(groups, [root + "/user.slice/cpu.max": "150000 100000", root + "/user.slice/job:7.scope/cpu.max": none]) == 2)
        #expect(count(groups, [root + "/cpu.max": "50000 100000", root + "/user.slice/job:7.scope/cpu.max": "900000 100000"]) == 1)
        // A container that sees its own group as the root.
        #expect(count("0::/\n", [root + "/cpu.max": "400000 100000\n"]) == 4)
        #expect(count("0::/../../other\n", [root + "/cpu.max": "400000 100000\n", root + "/../../other/cpu.max": "1 1"]) == 4)
    }

    /// Version 1, whose controllers have hierarchies of their own.
    @Test func separateHierarchies() {
        let groups = "12:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n0::/docker/abc\n"
        func files(_ folder: String, quota: String) -> [String: String] {
            [folder + "/cpu.cfs_quota_us": quota, folder + "/cpu.cfs_period_us": "100000\n"]
        }
        for folder in ["cpu,cpuacct", "cpu", "cpu/docker", "cpu,cpuacct/docker/abc"].map({ "/sys/fs/cgroup/" + $0 }) {
            #expect(count(groups, files(folder, quota: "250000\n")) == 3, "\(folder)")
            #expect(count(groups, files(folder, quota: "-1\n")) == nil)
            #expect(count(groups, [folder + "/cpu.cfs_quota_us": "250000\n"]) == nil)
        }
        #expect(count(groups, files("/sys/fs/cgroup/memory/docker/abc", quota: "100000\n")) == nil)
        // Both versions: the lower one.
        var both = files("/sys/fs/cgroup/cpu/docker/abc", quota: "500000")
        both["/sys/fs/cgroup/docker/cpu.max"] = "200000 100000"
        #expect(count(groups, both) == 2)
    }

    @Test func textsThatAreNone() {
        for text in ["", "\n\n", "0:", "0::", "::", "cpu", "4:cpu", "0:cpu:", String(repeating: ":", count: 100)] {
            #expect(count(text, [:]) == nil)
        }
        #expect(ProcessorCount.available >= 1)
    }
}
