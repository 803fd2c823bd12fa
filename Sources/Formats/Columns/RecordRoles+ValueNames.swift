internal import Messages

extension RecordRoles {
    /// Finds the names of the values of a text's records: those that give values their classes, if they are asked for, or else names beside
    /// the values that must not change place. Returns nil if there are none.
    ///
    /// - Parameter first: the names in the first text, whose order is that of the classes.
    /// - Throws: a `ColumnError` if the first records leave a doubt about the classes, or if names change place between them.
    static func valueNames(
        of predictions: [RecordPath], _ format: any NamedColumns, _ request: ColumnRequest, first: RecordSelection.ValueNames? = nil
    ) throws(ColumnError) -> RecordSelection.ValueNames? {
        if let name = request.columns.predictionClasses {
            return try named(name, of: predictions, format, request, first: first)
        }
        guard request.predictions.width != .one, request.predictions.width != .sum, predictions.count == 1 else { return nil }
        let candidates = format.namesBeside(predictions[0])
        for path in candidates {
            let records = format.texts(at: path)
            guard let names = first?.path == path ? first?.names : records.first.flatMap({ $0 }) else { continue }
            let use: RecordSelection.ValueNames.Use = isNameOfClasses(path) ? .samePlaces : .sameOrder
            for other in records.compactMap({ $0 }) where changesPlace(names, other, use) {
                throw ColumnError(
                    .doubt,
                    "\(ColumnName.list([path.name])) names the values of \(ColumnName.list([predictions[0].name])), and names change "
                        + "place: \(ColumnName.list(names, limit: 4)); then \(ColumnName.list(other, limit: 4))",
                    remedy: "\(setting: .predictionClasses, .text(path.name)) gives each value its class by name")
            }
            if let classes = request.columns.classNames, use == .samePlaces, classes.names != names.names, Set(classes.names) == Set(names.names) {
                throw ColumnError(
                    .contradiction,
                    "\(ColumnName.list([path.name])) names the values \(ColumnName.list(names, limit: 6)) in the first record, and "
                        + "\(setting: .classNames) has the order \(ColumnName.list(classes, limit: 6))",
                    remedy: "\(setting: .predictionClasses, .text(path.name)) gives each value its class by name")
            }
        }
        guard let path = candidates.first(where: isNameOfClasses) ?? candidates.first else { return nil }
        guard let names = first?.path == path ? first?.names : format.texts(at: path).first.flatMap({ $0 }) else { return nil }
        return RecordSelection.ValueNames(path: path, names: names, use: isNameOfClasses(path) ? .samePlaces : .sameOrder)
    }

    /// Finds the names that give values their classes.
    private static func named(
        _ name: String, of predictions: [RecordPath], _ format: any NamedColumns, _ request: ColumnRequest,
        first: RecordSelection.ValueNames?
    ) throws(ColumnError) -> RecordSelection.ValueNames {
        guard !request.predictions.isSingleValued else {
            throw ColumnError(
                .contradiction, "\(setting: .predictionClasses) names the classes of several values, and one value a row is wanted",
                remedy: "two scores with names are task multiclass")
        }
        guard !format.isTable else {
            throw ColumnError(
                .contradiction, "\(setting: .predictionClasses) has no meaning for a table: its columns are the classes",
                remedy: "leave it out")
        }
        guard predictions.count == 1 else {
            throw ColumnError(
                .contradiction, "\(setting: .predictionClasses) is for one path to all values, and there are \(predictions.count): "
                    + "\(ColumnName.list(predictions.map(\.name), limit: 8))", remedy: "leave it out")
        }
        let paths: [RecordPath]
        do throws(FormatError) { paths = try format.resolve(name) } catch { throw ColumnError(error) }
        let path = paths[0]
        guard paths.count == 1, path != predictions[0] else {
            throw ColumnError(
                .contradiction, "'\(ColumnName.list([name]))' means \(ColumnName.list(paths.map(\.name)))",
                remedy: "name the one path to the names of \(predictions[0].name)")
        }
        if let names = request.columns.classNames ?? first?.names {
            return RecordSelection.ValueNames(path: path, names: names, use: .classes)
        }
        let records = format.texts(at: path).compactMap { $0 }.filter { !$0.isEmpty }
        guard let names = records.first(where: { Set($0.names).count == $0.count }) else {
            throw ColumnError(
                .doubt,
                "the first records have no names of classes there, each once: \(ColumnName.list(records.first ?? [], limit: 8))",
                remedy: "check \(setting: .predictionClasses), or name the classes with \(setting: .classNames)")
        }
        if let other = records.first(where: { Set($0.names) != Set(names.names) }) {
            throw ColumnError(
                .doubt,
                "the first records name different classes: \(ColumnName.list(names, limit: 8)); and \(ColumnName.list(other, limit: 8))",
                remedy: "name all classes in their order with \(setting: .classNames)")
        }
        guard !request.columns.isRagged else {
            throw ColumnError(
                .doubt, "with \(setting: .ragged) the first record may lack classes; it has \(ColumnName.list(names, limit: 8))",
                remedy: "name all classes in their order with \(setting: .classNames)")
        }
        return RecordSelection.ValueNames(path: path, names: ClassNames.sorted(names), use: .classes)
    }

    /// True if the last key of a path says that it is the name of a class.
    private static func isNameOfClasses(_ path: RecordPath) -> Bool {
        let key = ColumnName.lastPart(of: path.name).lowercased()
        return ["label", "class", "name", "categor"].contains(where: key.contains)
    }

    /// Returns true if values that are taken by place would be of other classes by name.
    private static func changesPlace(_ names: [String], _ other: [String], _ use: RecordSelection.ValueNames.Use) -> Bool {
        let places = Dictionary(zip(names.names, names.indices), uniquingKeysWith: { first, _ in first })
        let found = other.map { places[Name($0)] }
        guard use == .samePlaces || !found.contains(nil) else { return false }
        return zip(found, found.indices).contains { $0 != nil && $0 != $1 }
    }
}
