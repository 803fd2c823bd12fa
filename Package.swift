// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // CI sets it; users of the package are not held up by a warning of a newer compiler.
    Context.environment["XENT_WARNINGS_AS_ERRORS"] == "1" ? .treatAllWarnings(as: .error) : nil,
].compactMap { $0 }

/// One source, compiled for each instruction set; the folders KernelsAVX2 and KernelsAVX512 are symbolic links to Kernels.
/// Optimised in debug builds too: unoptimised SIMD is a hundred times slower, and tests score millions of rows.
func kernels(_ name: String, _ march: [String] = []) -> Target {
    .target(
        name: name, dependencies: ["KernelABI"], swiftSettings: strict + [.unsafeFlags(["-O"] + march.flatMap { ["-Xcc", $0] })],
        // fma, where the processor has none.
        linkerSettings: [.linkedLibrary("m")])
}

#if arch(x86_64)
let vectorKernels = [kernels("KernelsAVX2", ["-march=x86-64-v3"]), kernels("KernelsAVX512", ["-march=x86-64-v4"])]
#else
let vectorKernels: [Target] = []
#endif
let vectorKernelNames = vectorKernels.map { Target.Dependency.target(name: $0.name) }

/// A test target that is never optimised: what its tests call is, and takes their time. Optimising the tests took minutes of a build.
let plainTests = strict + [.unsafeFlags(["-Onone"])]

let package = Package(
    name: "xent",
    // Atomics and locks of `Synchronization`.
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "xent", targets: ["xent"]),
        .library(name: "Engine", targets: ["Engine", "Formats", "Insight", "ObjectStore", "Outputs", "Scoring", "Elements", "Messages", "Unattended"]),
        .library(name: "WorkStealing", targets: ["WorkStealing"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.7.0"),
        .package(url: "https://github.com/attaswift/BigInt", from: "6.0.0"),
    ],
    targets: [
        // The way of the data, in its order.
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
        .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"]), .brew(["xxhash"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        // The codecs of Parquet's pages. Without pkg-config: snappy has none on Debian, and the others are found without.
        .systemLibrary(name: "CSnappy", providers: [.apt(["libsnappy-dev"]), .brew(["snappy"])]),
        .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"]), .brew(["lz4"])]),
        .systemLibrary(name: "CBrotli", pkgConfig: "libbrotlidec", providers: [.apt(["libbrotli-dev"]), .brew(["brotli"])]),
        .target(name: "Elements", swiftSettings: strict),
        .target(name: "SeededRandom", swiftSettings: strict),
        .target(name: "Locking", swiftSettings: strict),
        .target(name: "Messages", swiftSettings: strict),
        // Optimised in debug builds too: every byte of a zip archive's stored members goes through it.
        .target(name: "FoldedCRC", cSettings: [.unsafeFlags(["-O2"])]),
        // libcurl, loaded when the first URL is read.
        .target(name: "LoadedCurl"),
        .target(
            name: "ObjectStore", dependencies: ["LoadedCurl", "Locking", "Messages", "SeededRandom", "WorkStealing"],
            exclude: ["README.md"], swiftSettings: strict),
        .target(
            name: "Container",
            dependencies: [
                "CZstd", "CZlib", "CXXHash", "FoldedCRC", "Locking", "Messages", "ObjectStore",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            exclude: ["README.md"], swiftSettings: strict),
        // Optimised in debug builds too: every value of a page whose bytes lie in planes goes through it.
        .target(name: "BytePlanes", cSettings: [.unsafeFlags(["-O2"])]),
        .target(
            name: "Parquet", dependencies: ["BytePlanes", "CBrotli", "CLZ4", "CSnappy", "CZlib", "CZstd", "CXXHash", "Container", "Elements"],
            swiftSettings: strict),
        .target(name: "ArrowIPC", dependencies: ["CLZ4", "CZstd", "Container", "Elements"], swiftSettings: strict),
        .target(name: "HDF5", dependencies: ["CZlib", "Container", "Elements"], swiftSettings: strict),
        .target(
            name: "Outputs", dependencies: ["Container", "Locking", "Messages", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: strict),
        // C++ behind a face of C, over fast_float, which is header only: libfast-float-dev. Optimised in debug builds too, as kernels are.
        .target(name: "TableReading", cxxSettings: [.unsafeFlags(["-O2", "-fno-exceptions", "-fno-rtti"])]),
        // C++ behind a face of C, over libsimdjson-dev and libfast-float-dev. Without pkg-config: SwiftPM warns of a flag that simdjson.pc
        // has.
        .target(
            name: "JSONReading", dependencies: ["TableReading"], cxxSettings: [.unsafeFlags(["-O2", "-fno-exceptions", "-fno-rtti"])],
            linkerSettings: [.linkedLibrary("simdjson")]),
        .target(
            name: "Formats", dependencies: ["Elements", "Messages", "TableReading", "JSONReading"], exclude: ["Records/README.md"],
            swiftSettings: strict),
        .target(name: "KernelABI"),
        kernels("Kernels"),
    ] + vectorKernels + [
        .target(
            name: "Scoring",
            dependencies: [
                "Elements", "CXXHash", "KernelABI", "Kernels", "Messages", .product(name: "BigInt", package: "BigInt"),
            ] + vectorKernelNames,
            swiftSettings: strict),
        .target(name: "Insight", dependencies: ["Elements", "Messages", "Scoring"], exclude: ["README.md"], swiftSettings: strict),
        .target(name: "WorkStealing", dependencies: ["Locking"], exclude: ["PROTOCOL.md"], swiftSettings: strict),
        .target(
            name: "Engine",
            dependencies: [
                "ArrowIPC", "CXXHash", "Container", "Elements", "Formats", "HDF5", "Insight", "Locking", "Messages", "ObjectStore", "Outputs",
                "Parquet", "Scoring", "WorkStealing",
            ],
            exclude: [
                "README.md", "Evaluation/README.md", "Evaluation/report.schema.json", "Planning/plan.schema.json", "Rows/README.md",
            ], swiftSettings: strict),
        // What runs that nobody watches leave behind, and find again: histories, metrics, the state of incoming files.
        .target(
            name: "Unattended", dependencies: ["Engine", "Insight", "Messages", "Outputs", "Scoring", "WorkStealing"], swiftSettings: strict),
        // What `xent bench` does; no part of what a user of the library imports.
        .target(
            name: "Bench",
            dependencies: [
                "Container", "Elements", "Engine", "Formats", "Messages", "Scoring", "SeededRandom", "WorkStealing",
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: strict),
        // Allocation functions of the program alone: no library replaces those of the program that uses it.
        .target(
            name: "MemoryRefusal", exclude: ["exported-symbols.map"],
            linkerSettings: [
                .unsafeFlags(
                    ["-Xlinker", "--version-script=\(Context.packageDirectory)/Sources/MemoryRefusal/exported-symbols.map"],
                    .when(platforms: [.linux]))
            ]),
        // A call of the system that Swift cannot make.
        .target(name: "ParentDeath"),
        .executableTarget(
            name: "xent",
            dependencies: [
                "Bench", "Elements", "Engine", "Formats", "Insight", "Locking", "MemoryRefusal", "Messages", "ObjectStore", "Outputs",
                "ParentDeath", "Scoring",
                "Unattended", "WorkStealing", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        // The frameworks' figures, which lie with the tests of the command line; knows nothing of ours.
        .target(name: "GoldenCases", path: "Tests/GoldenCases", swiftSettings: strict),
        .target(
            name: "Oracle", dependencies: ["SeededRandom", .product(name: "BigInt", package: "BigInt")], path: "Tests/Oracle",
            swiftSettings: strict),
        .testTarget(
            name: "OracleTests", dependencies: ["Oracle", "SeededRandom", .product(name: "BigInt", package: "BigInt")],
            exclude: ["Fixtures"], swiftSettings: strict),
        // Any loss that has a meaning, for tests that go through many.
        .target(
            name: "RandomLosses", dependencies: ["Oracle", "Scoring", "SeededRandom"], path: "Tests/RandomLosses", swiftSettings: strict),
        // What the fuzzer calls (Tests/Fuzz/README.md), which the tests call with what it found.
        .target(
            name: "FuzzTargets",
            dependencies: ["ArrowIPC", "CXXHash", "Container", "Elements", "Engine", "Formats", "HDF5", "Parquet", "Scoring"],
            path: "Tests/Fuzz/Targets", swiftSettings: strict),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"], exclude: ["Fixtures"], swiftSettings: plainTests),
        .testTarget(name: "ObjectStoreTests", dependencies: ["ObjectStore", "SeededRandom"], swiftSettings: plainTests),
        .testTarget(
            name: "ContainerTests",
            dependencies: [
                "Container", "FoldedCRC", "SeededRandom", "CZstd", "CZlib", "CXXHash", .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: plainTests),
        .testTarget(
            name: "ParquetTests", dependencies: ["BytePlanes", "CSnappy", "Container", "Elements", "Parquet", "Scoring", "SeededRandom"],
            exclude: ["Fixtures"], swiftSettings: plainTests),
        .testTarget(
            name: "ArrowIPCTests", dependencies: ["ArrowIPC", "Container", "Elements", "Scoring", "SeededRandom"], exclude: ["Fixtures"],
            swiftSettings: plainTests),
        .testTarget(
            name: "HDF5Tests", dependencies: ["Container", "Elements", "HDF5", "Scoring", "SeededRandom"], exclude: ["Fixtures"],
            swiftSettings: plainTests),
        .testTarget(
            name: "FormatsTests", dependencies: ["Elements", "Formats", "JSONReading", "Messages", "SeededRandom"], exclude: ["Fixtures"],
            swiftSettings: plainTests),
        .testTarget(name: "WorkStealingTests", dependencies: ["WorkStealing", "Locking", "SeededRandom"], swiftSettings: strict),
        // What goes to the kernels of another processor (Tests/Emulation/README.md) and comes back.
        .target(name: "KernelCalls", dependencies: ["KernelABI"], path: "Tests/Emulation/KernelCalls"),
        .testTarget(
            name: "KernelsTests",
            dependencies: [
                "Kernels", "KernelABI", "KernelCalls", "Elements", "Scoring", "SeededRandom", "WorkStealing", "Oracle", "RandomLosses",
                .product(name: "BigInt", package: "BigInt"),
            ] + vectorKernelNames,
            swiftSettings: strict),
        .testTarget(
            name: "ScoringTests",
            dependencies: [
                "Elements", "Scoring", "SeededRandom", "KernelABI", "CXXHash", "Messages", "Oracle",
                .product(name: "BigInt", package: "BigInt"),
            ], swiftSettings: strict),
        .testTarget(
            name: "InsightTests", dependencies: ["CXXHash", "Elements", "Insight", "Scoring", "SeededRandom"], swiftSettings: plainTests),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "Bench", "Elements", "Engine", "Insight", "Scoring", "SeededRandom", "Container", "Formats", "Messages", "Outputs", "Parquet",
                "WorkStealing", "CZstd", "CXXHash", "Oracle", "GoldenCases", "RandomLosses",
            ], exclude: ["Fixtures"], swiftSettings: plainTests),
        .testTarget(
            name: "UnattendedTests", dependencies: ["Engine", "Messages", "Outputs", "Scoring", "SeededRandom", "Unattended"], swiftSettings: plainTests),
        // A format, a source of bytes, a figure and a column of its own, without a change to Sources and without @testable.
        .testTarget(
            name: "SeamTests",
            dependencies: ["Elements", "Engine", "Scoring", "Container", "Formats", "Messages", "Outputs", "WorkStealing"],
            swiftSettings: plainTests),
        // Spawns the release binary: depends on nothing of ours that the binary is made of, besides its dumps' random numbers.
        .testTarget(
            name: "XentTests", dependencies: ["GoldenCases", "SeededRandom"], exclude: ["Golden", "GoldenInsight"],
            swiftSettings: plainTests),
    ],
    swiftLanguageModes: [.v6]
)

// The thread sanitizer needs a build of its own: of the tests that run under it alone (scripts/test.sh).
if Context.environment["XENT_SANITIZED_TESTS"] == "1" {
    let names = ["WorkStealingTests", "ContainerTests", "EngineTests"]
    package.targets.removeAll { $0.type == .test && !names.contains($0.name) }
}

// The fuzzer (Tests/Fuzz/README.md): it links only with libFuzzer, which has a main of its own.
if Context.environment["XENT_FUZZ"] == "1" {
    package.targets.append(.systemLibrary(name: "CLibFuzzer", path: "Tests/Fuzz/CLibFuzzer"))
    package.targets.append(
        .executableTarget(name: "xent-fuzz", dependencies: ["FuzzTargets", "CLibFuzzer"], path: "Tests/Fuzz/Driver", swiftSettings: strict))
}

// Benchmarks (Benchmarks/README.md): for us alone, so that no user of the package fetches their library.
if Context.environment["XENT_BENCHMARKS"] == "1" {
    // Its plugin takes a target for a benchmark where the folder above it has this name.
    let folder = "Benchmarks/"
    package.dependencies.append(.package(url: "https://github.com/ordo-one/benchmark", from: "1.30.0", traits: []))
    package.targets.append(.target(name: "BenchmarkDump", dependencies: ["Container"], path: folder + "Dump"))
    let suites: [(String, [Target.Dependency])] = [
        ("Container", ["Container", "BenchmarkDump"]), ("Kernels", ["Scoring"]), ("Fold", ["Scoring"]), ("WorkStealing", ["WorkStealing"]),
        ("Engine", ["Engine", "Scoring", "BenchmarkDump"]),
    ]
    // Not one of its benchmarks: it compares numbers, too, and writes a table.
    package.targets.append(.executableTarget(name: "sums", dependencies: ["Elements", "Scoring", "SeededRandom"], path: folder + "Sums"))
    for (name, dependencies) in suites {
        package.targets.append(
            .executableTarget(
                name: name + "Benchmarks", dependencies: dependencies + [.product(name: "Benchmark", package: "benchmark")],
                path: folder + name, plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]))
    }
}
