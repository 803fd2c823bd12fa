import Foundation

/// The test files of Apache Arrow, which are not part of this project. `XENT_PARQUET_CORPORA` names the folder that has
/// `arrow-testing` and `expected.json`; otherwise it is looked for beside the project.
enum ArrowCorpus {
    static let folder: URL? = {
        let given = ProcessInfo.processInfo.environment["XENT_PARQUET_CORPORA"].map { URL(filePath: $0) }
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let found = given ?? package.appending(path: "../shared/corpora").standardizedFileURL
        return FileManager.default.fileExists(atPath: found.appending(path: "expected.json").path) ? found : nil
    }()

    /// The columns of a file, as pyarrow reads them.
    struct Expected: Decodable {
        struct Column: Decodable {
            let type: String?
            let values: Int?
            let nulls: Int?
            let sum: String?
            let notFinite: Int?

            enum CodingKeys: String, CodingKey {
                case type, values, nulls, sum
                case notFinite = "not_finite"
            }
        }

        let rows: Int?
        let columns: [String: Column]?
        let error: String?
    }

    static func expected() throws -> [String: Expected] {
        guard let folder else { return [:] }
        return try JSONDecoder().decode([String: Expected].self, from: Data(contentsOf: folder.appending(path: "expected.json")))
    }

    /// The files of some folders.
    static func files(in folders: [String]) throws -> [URL] {
        guard let folder else { return [] }
        return try folders.flatMap { name in
            try FileManager.default.contentsOfDirectory(at: folder.appending(path: name), includingPropertiesForKeys: nil)
        }.sorted { $0.path < $1.path }
    }
}
