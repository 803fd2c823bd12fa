/// The options that take several values, up to the next option: `--labels a.npy b.npy`.
///
/// ArgumentParser lets them take several values after `=` too, so that `--labels=y.npy p.npy` would take the predictions for labels. With
/// `=` such an option takes one value here.
enum ListArguments {
    static let names = ["--labels", "--weights"]

    /// Returns arguments in which each value after `=` stands apart from what follows it: all values of the option stand last, in their
    /// order, each with the name of the option.
    static func separated(_ arguments: [String]) -> [String] {
        var arguments = arguments
        for name in names where arguments.prefix(while: { $0 != "--" }).contains(where: { $0.hasPrefix(name + "=") }) {
            let end = arguments.firstIndex(of: "--") ?? arguments.count
            var others: [String] = []
            var values: [String] = []
            var takesValues = false
            for argument in arguments[..<end] {
                if argument.hasPrefix(name + "=") {
                    values.append(argument)
                    takesValues = false
                } else if argument == name {
                    takesValues = true
                } else if takesValues, argument == "-" || !argument.hasPrefix("-") {
                    values.append("\(name)=\(argument)")
                } else {
                    takesValues = false
                    others.append(argument)
                }
            }
            arguments = others + values + arguments[end...]
        }
        return arguments
    }

    /// The first of such options that took several values, and those: for the error of a command line without predictions.
    static func taken(_ arguments: [String]) -> (name: String, values: [String])? {
        var taken = (name: "", values: [String]())
        for argument in arguments.prefix(while: { $0 != "--" }) {
            guard argument.hasPrefix("-"), argument != "-" else {
                if !taken.name.isEmpty { taken.values.append(argument) }
                continue
            }
            if taken.values.count > 1 { break }
            taken = (names.contains(argument) ? argument : "", [])
        }
        return taken.values.count > 1 ? taken : nil
    }
}
