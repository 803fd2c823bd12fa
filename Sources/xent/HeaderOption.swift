import ArgumentParser
import Formats

/// The option `--no-header`, with roles or without.
///
/// ArgumentParser has no option whose value may be left out before an argument (`--no-header p.csv`). So `expand` gives it a value first.
enum HeaderOption {
    static let help = ArgumentHelp(
        "The first line of a table is data; columns are named 0, 1, 2… With predictions, labels or weights, or several with commas "
            + "between them, in those files alone.",
        valueName: "roles")
    static let completion = CompletionKind.list(roles.map(\.rawValue))

    static let name = "no-header"
    static let roles: [RecordFormats.Options.Role] = [.predictions, .labels, .weights]
    private static let all = "all"

    /// Writes `--no-header` and the roles after it as one word. A file called `labels` is named as `./labels` there.
    static func expand(_ arguments: [String]) -> [String] {
        var expanded: [String] = []
        var left = arguments[...]
        while let argument = left.popFirst() {
            if argument == "--" { return expanded + [argument] + left }
            guard argument == "--\(name)" else {
                expanded.append(argument)
                continue
            }
            if let next = left.first, HeaderRoles(argument: next) != nil {
                expanded.append("--\(name)=\(next)")
                left.removeFirst()
            } else {
                expanded.append("--\(name)=\(all)")
            }
        }
        return expanded
    }

    /// The roles that the option names.
    struct HeaderRoles: ExpressibleByArgument {
        let roles: Set<RecordFormats.Options.Role>

        init?(argument: String) {
            guard argument != HeaderOption.all else {
                roles = Set(HeaderOption.roles)
                return
            }
            var roles: Set<RecordFormats.Options.Role> = []
            for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
                guard let role = HeaderOption.roles.first(where: { $0.rawValue == name }) else { return nil }
                roles.insert(role)
            }
            self.roles = roles
        }
    }
}
