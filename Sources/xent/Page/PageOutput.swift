import Engine
import Outputs

/// An output for a page: a file, or standard output for "-". It is opened before the work begins, as one for JSON is.
struct PageOutput: UnfinishedOutput {
    private let file: OutputFile?

    init(path: String) throws { file = path == "-" ? nil : try OutputFile(path: path) }

    func write(_ page: Page) throws {
        if let file {
            try file.write(Array(page.html.utf8), at: 0)
        } else {
            try StandardOutput.write(page.html)
        }
    }

    func commit() throws { try file?.commit() }
    func discard() { file?.discard() }
}
