import Foundation
import GoldenCases
import Testing

/// Help by topic, at any width, as a manual page; versions; and what was probably meant.
@Suite struct HelpTopicTests {
    static let commands = ["eval", "merge", "inspect", "pack", "losses", "bench"]
    static let topics = ["formats", "urls", "columns", "rows", "shards", "output", "gates", "unattended", "warnings", "exit-status", "environment"]

    /// Every line fits the width, but for commands to be pasted and words that are longer.
    @Test(arguments: [50, 60, 80, 100])
    func fits(width: Int) throws {
        let scratch = try Scratch()
        for name in [[]] + (Self.commands + Self.topics).map({ [$0] }) {
            let run = try XentRun.shell("COLUMNS=\(width) exec \"$XENT\" help \(name.joined())", in: scratch)
            run.expectSuccess()
            #expect(run.stderr == "" && run.stdout.hasPrefix("OVERVIEW: "))
            for line in run.stdout.split(separator: "\n") where line.count > width {
                #expect(line.contains("xent ") || !line.drop { $0 == " " }.contains(" "), "\(name): \(line)")
            }
            #expect(!run.stdout.contains("\u{1B}"))
        }
    }

    @Test func groupsAndRequiredOptions() throws {
        let help = try XentRun.xent(["help", "eval"], in: Scratch()).stdout
        let groups = help.split(separator: "\n").filter { $0.first?.isUppercase == true && $0.allSatisfy { $0.isUppercase } }
        #expect(groups == ["EXAMPLES", "USAGE", "ARGUMENTS", "PLAN", "DATA", "COLUMNS", "ARRAYS", "LOSS", "ROWS", "INSIGHT", "OUTPUT", "GATES", "UNATTENDED", "RUN", "OPTIONS", "MORE"])
        for option in ["--task TASK", "--input INPUT", "PREDICTIONS…"] {
            let line = try #require(help.split(separator: "\n").first { $0.hasPrefix("  \(option) ") })
            #expect(line.contains("(required)"), "\(line)")
        }
        for option in ["-q, --quiet", "-v, --verbose", "-j, --threads N", "--on-invalid fail|skip"] {
            #expect(help.contains("  \(option)"), "\(option)")
        }
    }

    @Test func codesAreListed() throws {
        let help = try XentRun.xent(["help", "warnings"], in: Scratch()).stdout
        for code in ["no-final-line-feed", "infinite-loss", "probability-sums", "unused-setting"] { #expect(help.contains("  \(code) ")) }
    }

    @Test func manual() throws {
        let scratch = try Scratch()
        let run = try XentRun.xent(["--generate-manual"], in: scratch)
        run.expectSuccess()
        #expect(run.stdout.contains(".TH XENT 1"))
        #expect(run.stdout.utf8.allSatisfy { $0 < 0x80 }, "man leaves out what the locale has not")
        for word in ["\\-\\-on\\-invalid", ".SH NAME", ".SH SYNOPSIS", ".SH EXIT STATUS", ".SH ENVIRONMENT", ".SH XENT MERGE"] {
            #expect(run.stdout.contains(word), "\(word)")
        }
        try scratch.write("xent.1", run.stdout)
        // Whichever is installed shows it, without a complaint.
        for (tool, script) in [
            ("man", "MANWIDTH=78 LC_ALL=C.UTF-8 man -l xent.1 2>complaints | col -bx"), ("mandoc", "mandoc -T utf8 xent.1 2>complaints | col -bx"),
            ("groff", "GROFF_NO_SGR=1 groff -man -T utf8 -Kutf8 xent.1 2>complaints | LC_ALL=C.UTF-8 col -bx"),
        ] {
            let shown = try XentRun.shell("command -v \(tool) > /dev/null || exit 3; \(script)", in: scratch)
            if shown.ending == .exit(3) { continue }
            #expect(shown.ending == .exit(0), "\(tool)")
            #expect(try scratch.text("complaints") == "", "\(tool)")
            for word in ["EXIT STATUS", "--on-invalid", "--max-invalid", "NO_COLOR", "xent merge", "no-final-line-feed"] {
                #expect(shown.stdout.contains(word), "\(tool): \(word)")
            }
        }
    }

    @Test func versions() throws {
        let scratch = try Scratch()
        let run = try XentRun.xent(["--version"], in: scratch)
        let lines = run.stdout.split(separator: "\n").map(String.init)
        #expect(lines.first?.wholeMatch(of: /xent \d+\.\d+\.\d+/) != nil)
        for library in ["libzstd", "zlib", "xxHash", "simdjson"] {
            #expect(lines.contains { $0.firstMatch(of: /^(\S+) +\d+\.\d+/).map { $0.output.1 == library } ?? false }, "\(library)")
        }
        #expect(lines.contains { $0.hasPrefix("kernels ") && $0.contains("baseline") && $0.contains(" (used)") })
        for arguments in [["-V"], ["eval", "--version"], ["eval", "-V"]] {
            #expect(try XentRun.xent(arguments, in: scratch).stdout == run.stdout, "\(arguments)")
        }
    }

    struct Slip: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let says: String
        var status: Int32 = 64
        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let slips = [
        Slip(arguments: ["evla", "p.npy"], says: "did you mean xent eval?"),
        Slip(arguments: ["mreg"], says: "there are eval, compare, plan, merge"),
        Slip(arguments: ["inspct"], says: "did you mean xent inspect?"),
        Slip(arguments: ["p.npy"], says: "did you mean xent eval p.npy, or xent inspect p.npy?"),
        Slip(arguments: ["help", "warning"], says: "did you mean xent help warnings?"),
        Slip(arguments: ["help", "quux"], says: "there is on eval, compare, plan, merge"),
        Slip(arguments: ["eval", "p.npy", "--task", "multclass"], says: "--task 'multclass' is not known; did you mean multiclass?"),
        Slip(arguments: ["eval", "p.npy", "--input", "probs"], says: "--input takes logits, probabilities, log-probabilities"),
        Slip(arguments: ["eval", "p.npy", "--dialect", "pytroch"], says: "did you mean pytorch?"),
        Slip(arguments: ["eval", "p.npy", "--lables", "y.npy"], says: "there is no option --lables; did you mean --labels?"),
        Slip(arguments: ["eval", "p.npy", "--json"], says: "--json has no value; give --json FILE"),
        Slip(arguments: ["eval", "p.npy", "--quiet=yes"], says: "--quiet takes no value, and has 'yes'"),
        Slip(arguments: ["losses", "keras"], says: "'keras' is too much"),
        Slip(arguments: ["pack", "p.npy"], says: "--output is missing; give --output FILE"),
        Slip(arguments: ["--generate-completion-script", "tcsh"], says: "bash"),
        Slip(arguments: ["eval", "p.npz", "--labels", "y.npy"] + SmallDump.task, says: "p.npz: no such file", status: 66),
        Slip(arguments: ["eval", "p.npy", "--labels", "lables.npy"] + SmallDump.task, says: "did you mean labels.npy?", status: 66),
        Slip(arguments: ["inspect", "labels"], says: "did you mean labels.npy?", status: 66),
        Slip(arguments: ["inspect", "folder/logist.npy"], says: "did you mean folder/logits.npy.zst?", status: 66),
    ]

    /// One line, in the one voice of all errors.
    @Test(arguments: slips)
    func isUnderstood(_ slip: Slip) throws {
        let scratch = try ReportTests.scratch()
        try scratch.write("labels.npy", scratch.bytes("y.npy"))
        try scratch.makeFolder("folder")
        try scratch.write("folder/logits.npy.zst", scratch.bytes("p.npy"))
        let run = try XentRun.xent(slip.arguments, in: scratch)
        expectFailure(run, status: slip.status, says: [slip.says])
        #expect(run.stderr.hasPrefix("xent: ") && run.stderr.count { $0 == "\n" } == 1, "\(run.stderr)")
        #expect(!run.stderr.contains("Error:") && !run.stderr.contains("Usage:"))
    }

    /// Labels that take the predictions with them.
    @Test func labelsThatSwallowThePredictions() throws {
        let scratch = try ReportTests.scratch()
        let plain = try XentRun.xent(SmallDump.eval + ["--quiet"], in: scratch).stdout
        let swallowed = try XentRun.xent(["eval", "--labels", "y.npy", "p.npy"] + SmallDump.task, in: scratch)
        expectFailure(
            swallowed, status: 64,
            says: ["no predictions are named: --labels took 'y.npy' and 'p.npy'", "write --labels=y.npy, or name the predictions first"])
        for arguments in [
            ["eval", "--labels=y.npy", "p.npy"] + SmallDump.task, ["eval"] + SmallDump.task + ["--labels=y.npy", "p.npy"],
            ["eval", "--labels=y.npy"] + SmallDump.task + ["--", "p.npy"], ["eval", "p.npy", "--labels=y.npy"] + SmallDump.task,
        ] {
            #expect(
                try XentRun.xent(arguments + (arguments.contains("--") ? [] : ["--quiet"]), in: scratch).stdout.contains(plain.prefix(10)))
        }
        // Several, in order, in both forms.
        for arguments in [
            ["--labels=y.npy", "p.npy", "--labels=z.npy", "q.npy"], ["--labels=y.npy", "--labels=z.npy", "p.npy", "q.npy"],
            ["p.npy", "q.npy", "--labels", "y.npy", "z.npy"], ["p.npy", "q.npy", "--labels", "y.npy", "--labels=z.npy"],
        ] {
            try scratch.write("z.npy", NPYFixture.labels([1]))
            try scratch.write("q.npy", NPYFixture.floats([1, 2, 3], columns: 3))
            let report = try XentRun.xent(["eval"] + arguments + SmallDump.task + ["--json", "-"], in: scratch).json()
            #expect(try report.list("inputs").map { try $0.text("path") } == ["p.npy", "q.npy", "y.npy", "z.npy"], "\(arguments)")
        }
    }

    /// A dash is standard output, or refused: never the name of a file.
    @Test(arguments: [
        ["eval", "p.npy", "--labels", "y.npy", "--per-row", "-"] + SmallDump.task, ["pack", "p.npy", "-o", "-"],
        ["pack", "p.npy", "-o", "q.npy.zst", "--labels-output", "-"],
    ])
    func dashIsNoFile(arguments: [String]) throws {
        let scratch = try ReportTests.scratch()
        expectFailure(try XentRun.xent(arguments, in: scratch), status: 64, says: ["- is not known", "name a file"])
        #expect(scratch.names == ["p.npy", "y.npy"])
    }

    @Test func shortOptions() throws {
        let scratch = try ReportTests.scratch()
        let report = try XentRun.xent(SmallDump.eval + ["-j", "1", "--json", "-"], in: scratch).json()
        #expect(try report.count("run", "threads") == 1)
        #expect(try XentRun.xent(SmallDump.eval + ["-j3", "--json", "-"], in: scratch).json().count("run", "threads") == 3)
        let verbose = try XentRun.xent(SmallDump.eval + ["-v"], in: scratch)
        #expect(verbose.stderr.contains("1 worker ran 1 unit with 0 steals"))
        for key in ["mean_hex", "sum_hex"] { #expect(verbose.stdout.contains(try report.text("loss", key)), "\(key)") }
        #expect(try !XentRun.xent(SmallDump.eval, in: scratch).stdout.contains("0x"))
    }

    /// Values after `=` are completed as those after a space are.
    @Test(arguments: [
        ("--task mul", "multiclass multilabel"), ("--task=mul", "multiclass multilabel"),
        ("--task=", "binary likelihood multiclass multilabel soft"),
        ("--dialect=sk", "sklearn sklearn-1.4"), ("--labels=y", "y.npy"), ("--qui", "--quiet"), ("--task=soft --inp", "--input"),
    ])
    func completionsOfBash(words: String, expected: String) throws {
        let scratch = try ReportTests.scratch()
        try scratch.write("xent.bash", XentRun.xent(["--generate-completion-script", "bash"], in: scratch).stdout)
        // What readline does: words are broken at blanks and `=`.
        try scratch.write(
            "complete.bash",
            """
            source ./xent.bash
            line=$1
            read -ra COMP_WORDS <<< "${line//=/ = }"
            [[ $line == *= ]] || :
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$line COMP_POINT=${#line}
            _xent xent "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\\n' "${COMPREPLY[@]}" | sort | paste -sd' '
            """)
        let run = try XentRun.shell("command -v bash > /dev/null || exit 3; bash complete.bash 'xent eval p.npy \(words)'", in: scratch)
        if run.ending == .exit(3) { return }
        #expect(run.stdout == expected + "\n", "\(run.stderr)")
    }

    /// fish knows values after `=` by itself, as far as it is told that an option has a value.
    @Test(arguments: [
        ("--task mul", "multiclass multilabel"), ("--task=mul", "--task=multiclass --task=multilabel"),
        ("--dialect=sk", "--dialect=sklearn --dialect=sklearn-1.4"), ("--labels=y", "--labels=y.npy"), ("--qui", "--quiet"),
    ])
    func completionsOfFish(words: String, expected: String) throws {
        let scratch = try ReportTests.scratch()
        try scratch.write("xent.fish", XentRun.xent(["--generate-completion-script", "fish"], in: scratch).stdout)
        let run = try XentRun.shell(
            "command -v fish > /dev/null || exit 3; HOME=$PWD fish --no-config -c 'source xent.fish; complete -C \"xent eval p.npy \(words)\"'",
            in: scratch)
        if run.ending == .exit(3) { return }
        let found = run.stdout.split(separator: "\n").map { $0.prefix { $0 != "\t" } }.sorted().joined(separator: " ")
        #expect(found == expected, "\(run.stderr)")
    }

    /// zsh completes in a terminal of its own.
    @Test(arguments: [
        ("eval --task=mult", "--task=multi"), ("eval --task=lik", "--task=likelihood"), ("eval --task lik", "--task likelihood"),
        ("eval --labels=y", "--labels=y.npy"), ("eval --dialect=keras-", "--dialect=keras-tensorflow"), ("ins", "inspect"),
    ])
    func completionsOfZsh(words: String, expected: String) throws {
        let scratch = try ReportTests.scratch()
        try scratch.makeFolder("functions")
        try scratch.write("functions/_xent", XentRun.xent(["--generate-completion-script", "zsh"], in: scratch).stdout)
        try scratch.write(
            "complete.zsh",
            """
            zmodload zsh/zpty || exit 3
            zpty shell zsh -f -i
            zpty -w shell "PS1='' ; fpath=($PWD/functions \\$fpath); autoload -Uz compinit; compinit -u -D; bindkey '^I' complete-word; \\
                xent() { :; }; echo rea''dy"
            zpty -r shell shown '*ready*'
            zpty -n -w shell "xent $1"$'\t'
            # The completed word, or nothing for a few seconds.
            for attempt in {1..50}; do
                sleep 0.1
                while zpty -r -t shell more; do shown+=$more; done
                [[ $shown == *"$2"* ]] && break
            done
            zpty -d shell
            print -r -- $shown
            """)
        let run = try XentRun.shell(
            "command -v zsh > /dev/null || exit 3; HOME=$PWD TERM=dumb zsh -f complete.zsh '\(words)' '\(expected)'", in: scratch)
        if run.ending == .exit(3) { return }
        #expect(run.stdout.contains(expected), "\(run.stdout) \(run.stderr)")
    }
}
