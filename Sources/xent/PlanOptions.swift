import ArgumentParser
import Engine
import WorkStealing

/// Options by which `xent eval` evaluates a shard of a plan.
struct PlanOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Evaluate shard --shard K of this plan, which xent plan wrote and which holds the files and the options of the request.",
            valueName: "file"), completion: .file())
    var plan: String?

    @Option(
        help: ArgumentHelp(
            "With --plan: read the files whose paths begin with OLD under NEW, where they lie on this machine. May be repeated.",
            valueName: "old=new"))
    var root: [String] = []

    /// Throws for options that exclude a plan, or that need one.
    func check(_ command: any ParsableCommand.Type, predictions: [String], rows: RowOptions, state: String?) throws(EngineError) {
        guard plan != nil else {
            guard root.isEmpty else { throw EngineError(usage: "--root changes the paths of a plan", remedy: "give --plan PLAN.json too") }
            return
        }
        if let path = predictions.first {
            throw EngineError(
                usage: "'\(path)' is named, and the plan names the files",
                remedy: "leave it out; --root OLD=NEW says where the plan's files lie")
        }
        let fixed = PlannedOptions.fixed
        let given = GivenOptions.ofProcess(command).options.map(\.name)
        if let option = given.first(where: { fixed.contains($0) }) {
            throw EngineError(usage: "\(option) is fixed by the plan", remedy: "leave it out, or plan with it")
        }
        for (option, isGiven) in [("--first-row", rows.firstRow != nil), ("--state", state != nil)] where isGiven {
            throw EngineError(usage: "\(option) and --plan exclude each other", remedy: "leave one of them out")
        }
    }

    /// Makes the evaluation of a shard, once the files that it reads have been looked at.
    func options(
        _ command: EvalCommand, shard: ShardChoice?, _ inputs: inout InputFiles, _ cancellation: Cancellation
    ) throws -> EvaluationOptions {
        guard let path = plan else { throw EngineError(usage: "there is no plan", remedy: "give --plan PLAN.json") }
        let plan = try PlanDocument.plan(path: path, cancellation: cancellation)
        inputs.add(path, as: "the plan")
        let number: Int
        switch shard {
        case .planned(let index)?: number = index
        case .part(let part)? where part.count == plan.shards.count: number = part.index
        case .part(let part)?:
            throw EngineError(
                usage: "--shard \(part.index)/\(part.count) is of \(part.count) shards, and the plan has \(plan.shards.count)",
                remedy: "give the number alone: --shard \(part.index)")
        case nil:
            throw EngineError(usage: "--plan needs --shard K, the number of a shard", remedy: "give 0 to \(plan.shards.count - 1)")
        }
        let moved = plan.relocated(try root.map { text throws(EngineError) in
            let replacement = try RootReplacement(text)
            return (replacement.old, replacement.new)
        })
        var request = try PlannedOptions.command(plan, path: path).plannedRequest(cancellation)
        try command.resources.apply(to: &request)
        let options = try moved.options(ofShard: number, from: request)
        for (_, path) in options.files { inputs.add(path, as: "the input") }
        return options
    }
}
