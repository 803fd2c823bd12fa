import ArgumentParser

/// The pages of help: of the program, of each command and of each topic. All of them together are the manual page.
enum Manual {
    /// The commands with their pages.
    static let commands: [any DocumentedCommand.Type] = [
        EvalCommand.self, CompareCommand.self, PlanCommand.self, MergeCommand.self, ReportCommand.self, InspectCommand.self, PackCommand.self, LossesCommand.self,
        BenchCommand.self, HistoryCommand.self,
    ]

    /// The page that a word after `xent help` names; nil if there is none.
    static func document(of name: String) -> HelpDocument? {
        commands.first { $0._commandName == name }?.document ?? HelpTopic(rawValue: name)?.document
    }

    /// The words that `xent help` knows.
    static var names: [String] { commands.map { $0._commandName } + HelpTopic.allCases.map(\.rawValue) }

    /// The page of the program.
    static var overview: HelpDocument {
        HelpDocument(
            title: Xent.name, abstract: Xent.configuration.abstract,
            sections: [
                HelpDocument.Section(heading: "Examples", blocks: [.lines(Xent.examples)]),
                HelpDocument.Section(
                    heading: "Usage",
                    blocks: [
                        .lines(["xent COMMAND [arguments] [options]", "xent help COMMAND | TOPIC"]), .text(Xent.configuration.discussion),
                    ]),
                HelpDocument.Section(
                    heading: "Commands", blocks: [.entries(commands.map { ($0._commandName, $0.configuration.abstract) })]),
                HelpDocument.Section(
                    heading: "Topics", blocks: [.entries(HelpTopic.allCases.map { ($0.rawValue, $0.abstract) })]),
                HelpDocument.Section(
                    heading: "Options",
                    blocks: [
                        .entries([
                            ("-h, --help", "Show this page; after a command, that of the command."),
                            ("-V, --version", "Show the version, those of the libraries, and the kernels that this machine can run."),
                            ("--generate-completion-script SHELL", "Write completions for bash, zsh or fish."),
                            ("--generate-manual", "Write the manual page, for man."),
                        ])
                    ]),
                HelpDocument.Section(heading: "Exit status", blocks: HelpTopic.exitStatus.blocks),
                HelpDocument.Section(
                    heading: "More",
                    blocks: [.text("man xent has all commands and topics on one page; README.md begins with an example of each kind.")]),
            ])
    }
}
