import Messages

/// A topic of `xent help` that is no command.
enum HelpTopic: String, CaseIterable {
    case formats, urls, columns, rows, shards, output, gates, unattended, warnings
    case exitStatus = "exit-status"
    case environment

    var heading: String {
        switch self {
        case .formats: "Formats"
        case .urls: "URLs"
        case .columns: "Columns"
        case .rows: "Rows"
        case .shards: "Shards"
        case .output: "Output"
        case .gates: "Gates"
        case .unattended: "Unattended runs"
        case .warnings: "Warnings"
        case .exitStatus: "Exit status"
        case .environment: "Environment"
        }
    }

    var abstract: String {
        switch self {
        case .formats: "The files that are read, and how several are named."
        case .urls: "Objects in stores and behind web addresses: names, keys, and what happens when they fail or change."
        case .columns: "How the columns of predictions, labels and weights are found."
        case .rows: "What becomes of rows that are ignored or invalid."
        case .shards: "How many machines share one dump, and one result."
        case .output: "The figures, where they go, and their bits."
        case .gates: "What a report must meet, and what it is compared with."
        case .unattended: "Locks, metrics, histories, incoming files and logs, for runs that nobody watches."
        case .warnings: "The codes that the JSON report has for warnings."
        case .exitStatus: "What the exit status says."
        case .environment: "The variables that are heeded."
        }
    }

    var document: HelpDocument {
        HelpDocument(
            title: rawValue, abstract: abstract, sections: [HelpDocument.Section(heading: heading, blocks: blocks)])
    }

    var blocks: [HelpDocument.Block] {
        switch self {
        case .formats:
            [
                .text(
                    """
                    Arrays (.npy, .npz, .safetensors, HDF5, PyTorch's .pt, pickles of NumPy arrays, llama.cpp's --kl-divergence-base) and tables \
                    (CSV, TSV, JSON Lines, Parquet, Arrow), plain or compressed with zstd or gzip. Nothing in a pickle is ever called. Formats are \
                    found out from the content, not from names. xent inspect FILE says what a file is.
                    """),
                .text("Files that follow one another are one dump:"),
                .entries([
                    ("FILE FILE …", "The rows of the second follow those of the first."),
                    ("'part-*.npy'", "A quoted pattern: all names that match, part-2 before part-10."),
                    ("@LIST", "The names in the file LIST, one a line."),
                    ("-", "Standard input, which is read once."),
                    ("s3://BUCKET/KEY", "An object of a store, or a pattern of keys; https:// as well. See xent help urls."),
                ]),
                .text("xent pack rewrites a dump so that every core can read it; a single gzip stream or zstd frame keeps one core busy."),
            ]
        case .urls:
            [
                .text(
                    """
                    Every input may be a URL. It is read by ranges, over several connections, ahead of the threads that score it; nothing is \
                    written to a disk. Outputs are files of this machine. libcurl is loaded when the first URL is named.
                    """),
                .entries([
                    ("s3://BUCKET/KEY", "An object of S3, or of a store that speaks its language (AWS_ENDPOINT_URL: MinIO, R2, Ceph, Google's XML interface)."),
                    ("'s3://BUCKET/a/*.zst'", "All keys that match, part-2 before part-10; * stands for no /."),
                    ("https://…, http://…", "A web address as it is: signed URLs, and Azure's with a shared access signature. Queries are never shown."),
                ]),
                .text(
                    """
                    Keys for S3 are looked for where Amazon's tools look, in their order: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; the role of \
                    the profile (AWS_PROFILE); a web identity (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN); the profile's key or program; the \
                    container's server; the machine's metadata. They are asked for anew before they end. The region is that of AWS_REGION, of the \
                    profile, or the one that the bucket names. --no-sign-request reads public buckets.
                    """),
                .text(
                    """
                    An object that changes while it is read is an error (65): every range is asked for by the version that was there first. What \
                    fails in passing, such as connections that break or stall and the statuses 429 and 503, is asked for again, ten times with \
                    growing waits; then the run ends with 74. A missing or refused object ends it with 66.
                    """),
                .text(
                    """
                    Memory: --connections (16) times 8 MiB. Files that cannot be shared out, such as a single zstd frame or gzip, come over one \
                    pass. xent pack makes dumps that every core reads.
                    """),
            ]
        case .columns:
            [
                .text(
                    """
                    Labels and weights lie in files of their own (--labels, --weights), or are columns of the dump: arrays of an archive, \
                    columns of a table, keys of a record (a dotted path, with * for every element of a list).
                    """),
                .text(
                    """
                    A column is found by its name only where one candidate is left; else the error lists them. The report names the \
                    columns \
                    that were read, the predictions in the order of the classes.
                    """),
                .text(
                    """
                    Records whose values come sorted, each beside its name, have classes by name with --prediction-classes: \
                    scores.*.label beside scores.*.score. Without it, names that change place between records are an error.
                    """),
                .lines([
                    "xent eval oof.csv --task multiclass --input probabilities --prediction-columns 'p_*' --label-column label",
                    "xent eval dump.npz --task multiclass --input logits --prediction-columns logits --label-column y_true",
                    "xent eval - --task likelihood --input log-probabilities --prediction-columns 'tokens.*.logprob' < log.jsonl",
                ]),
            ]
        case .rows:
            [
                .text(
                    """
                    Every row is scored, ignored or invalid, and the report counts all three. A row is ignored if its label is that of \
                    --ignore-index. It is invalid if its label is out of range, or a value is NaN or cannot be what --input says.
                    """),
                .text(
                    """
                    By default the first invalid row ends the run with exit status 65. With --on-invalid skip they are left out; with \
                    --max-invalid 10 or --max-invalid 0.1% as well, and the run fails if there are more. Where no row is scored there \
                    is no \
                    report, and the exit status is 65.
                    """),
                .text("--per-row has NaN for rows that are ignored or invalid, so that every row stays in its place."),
            ]
        case .shards:
            [
                .text(
                    """
                    Each machine evaluates a part and writes its state (--partial). xent merge adds the states up, in any order, to the \
                    same \
                    64 bits that one run over all rows would give.
                    """),
                .lines([
                    "xent eval logits.npy.zst --labels y.npy --task multiclass --input logits --shard 0/2 --partial 0.partial --quiet",
                    "xent eval logits.npy.zst --labels y.npy --task multiclass --input logits --shard 1/2 --partial 1.partial --quiet",
                    "xent merge 0.partial 1.partial --json report.json",
                ]),
                .text(
                    """
                    For many machines xent plan writes who reads what. A worker needs the plan and a number, checks that the files are those \
                    that were planned, and reads those of its shard alone; the merge says which shards are missing. xent help plan has the commands.
                    """),
                .text(
                    "An engine tries a shard again that ended with 70, 74, 75 or by a signal, and gives up on 64, 65 and 66. xent help exit-status."),
            ]
        case .output:
            [
                .text(
                    """
                    The report goes to standard output, everything else to standard error. --json FILE writes it as JSON; --json - puts \
                    JSON on \
                    standard output, and nothing else. Keys are only ever added to it. A number that JSON has no form for is "inf", \
                    "-inf" or \
                    "nan". Numbers have the shortest digits that read back to the same value; mean_hex and sum_hex have their exact \
                    bits, as \
                    C's %a, which --verbose shows in the text.
                    """),
                .text(
                    """
                    Losses are in nats, with --unit bits in bits. If records hold tokens, the figure above all is the mean per token; \
                    that per \
                    record follows. --per-row and --partial are in nats whatever the unit.
                    """),
                .text(
                    """
                    --text-column counts the bytes and words of texts, for bits a byte and the perplexities of a word and of a byte, which do \
                    not depend on how a model cuts text into tokens. --tokens-column, --bytes-column and --words-column take counts that \
                    records hold. A word is a run without white space.
                    """),
                .text(
                    """
                    Files are written whole or not at all. --quiet prints the figure alone; --silent nothing, unless the run fails.
                    """),
            ]
        case .gates:
            [
                .text(
                    """
                    --require 'PATH OPERATOR BOUND' states what a report must meet. All requirements are looked at, and told with both numbers; \
                    where one is not met the exit status is 1, with every output written.
                    """),
                .entries([
                    ("loss.mean <= 0.7", "A figure by its path in the JSON report. The operators are <, <=, >, >= and ==."),
                    ("accuracy >= 90%", "A percentage is a hundredth of its number."),
                    ("rows.invalid == 0 and loss.mean < inf", "Several requirements."),
                    ("slices[country=US].mean <= 1", "The slice of just these columns; [city=\"a, b\"] for values with commas."),
                    ("loss.mean <= baseline + 2se", "At most two standard errors of the difference above the same figure of --baseline."),
                    ("accuracy >= baseline - 1%", "At most a hundredth of the baseline below it."),
                    ("loss.upper <= 0.7", "The upper end of the interval: the requirement is met beyond chance."),
                    ("difference.upper <= 0.01", "In xent compare: B is worse than A by 0.01 at most, surely."),
                ]),
                .text(
                    """
                    A figure that is absent or NaN meets nothing. --baseline names a JSON report, or a file of --history, of which the last \
                    run that passed counts, or with --baseline-run best the one with the least mean. A baseline of another loss, or of other \
                    classes, is refused. As long as no run of a history has passed there is nothing to compare with, and the requirement does \
                    not fail.
                    """),
            ]
        case .unattended:
            [
                .entries([
                    ("--lock FILE", "Hold a lock; where another run holds it, the exit status is 75. --lock-wait 10m waits for it."),
                    ("--silent", "Print nothing if the run succeeds, and all at once if it fails, for cron to mail."),
                    ("--checkpoint FILE", "Keep what is done, so that an interrupted run goes on. --timeout 2h ends a run with exit status 75."),
                    (
                        "--state DIR",
                        """
                        Score only files that are new or have changed, and report on all that are there. --settle 5m takes files that have been \
                        left alone for five minutes, --settle _SUCCESS those whose folder has that file.
                        """
                    ),
                    ("--history FILE", "Append a line on every run. xent history FILE shows them."),
                    (
                        "--metrics FILE.prom --job NAME",
                        "Metrics for the textfile collector of Prometheus's node exporter, also of runs that fail."
                    ),
                    (
                        "--log json",
                        """
                        Errors, warnings and progress as JSON objects, a line each, with stable names of events: start, resume, progress, \
                        warning, error, gate, checkpoint, end, note.
                        """
                    ),
                ]),
                .text(
                    """
                    Under systemd, lines in the journal have their levels, and systemctl status shows how far the run is (Type=notify or \
                    NotifyAccess=main).
                    """),
                .lines([
                    "xent eval 'incoming/*.npz' --state state --task multiclass --input logits --history nightly.jsonl --silent",
                    "xent history nightly.jsonl --last 7",
                ]),
            ]
        case .warnings:
            [
                .text(
                    """
                    Warnings go to standard error and into the report: as sentences under warnings, with these codes under notices. With \
                    --strict, a run with a warning ends with exit status 65.
                    """),
                .entries(NoticeCode.allCases.map { ($0.rawValue, $0.summary) }),
            ]
        case .exitStatus:
            [
                .entries([
                    ("0", "Done."),
                    ("1", "A gate is not met (--require). All outputs are written."),
                    ("64", "Bad usage: an option or a combination that has no meaning."),
                    (
                        "65",
                        "Bad data: damaged, mismatched, incomplete or invalid, or no row was scored; with --strict also a warning."
                    ),
                    ("66", "An input cannot be opened."),
                    ("70", "A fault of xent itself."),
                    ("74", "Reading or writing failed, or the system refused memory or an open file."),
                    ("75", "Try again later: another run holds the lock, the time was up, or no file is settled yet."),
                    ("signal", "SIGINT, SIGTERM and SIGHUP end a run at once; the process dies by the signal itself, and leaves no file."),
                ])
            ]
        case .environment:
            [
                .entries([
                    ("NO_COLOR", "If it is set, nothing is coloured. Neither is what goes to a file or a pipe."),
                    ("TERM", "If it is dumb, there are neither colours nor a progress line."),
                    ("COLUMNS", "The width of help and tables. Without it, that of the terminal, or 80."),
                    ("TMPDIR", "The folder for files that are written before they go to a pipe."),
                    ("AWS_…", "Keys, profiles, regions and servers of S3, as Amazon's tools know them. See xent help urls."),
                    ("AWS_CA_BUNDLE", "A file of certificates that servers of URLs are checked against; else CURL_CA_BUNDLE or SSL_CERT_FILE."),
                    ("https_proxy, no_proxy", "Proxies for URLs, as curl knows them."),
                ])
            ]
        }
    }
}
