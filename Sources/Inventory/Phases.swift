extension Inventory {
    /// Text to trees. Nil when a text is no YAML: what the others say would be judged without it.
    static func parse(_ files: [InventoryFile], faults: inout FaultList) -> [YAMLNode]? {
        let start = Place(file: 0, line: 1, column: 1)
        if files.isEmpty { faults.add(Fault(.missingKey, at: start, "there is no inventory file")) }
        var room = InventoryLimits.textBytes
        for (index, file) in files.enumerated() {
            room -= file.text.utf8.count
            guard room >= 0 else {
                let place = Place(file: index, line: 1, column: 1)
                faults.add(Fault(.tooLarge, at: place, "more than \(InventoryLimits.textBytes >> 20) MiB of text"))
                return nil
            }
        }
        let readers = files.enumerated().map { YAMLReader(file: $0.offset, text: $0.element.text) }
        for reader in readers { faults.add(reader.faults) }
        guard readers.allSatisfy(\.isReadable), !files.isEmpty else { return nil }
        let roots = readers.compactMap(\.root)
        if roots.isEmpty { faults.add(Fault(.missingKey, at: start, "the inventory is empty")) }
        return roots.isEmpty ? nil : roots
    }

    /// Trees to values.
    static func decode(_ roots: [YAMLNode]?, faults: inout FaultList) -> Declaration? {
        guard let roots else { return nil }
        var decoding = Decoding()
        let declaration = decoding.declaration(of: roots)
        faults.add(decoding.faults)
        return declaration
    }

    /// The values against each other: each check is a file of its own.
    static func check(_ declaration: Declaration?, faults: inout FaultList) {
        guard let declaration else { return }
        let size = MeshSize.faults(in: declaration)
        faults.add(size)
        guard size.isEmpty else { return }
        faults.add(ReservedRange.faults(in: declaration))
        faults.add(NetworkRedundant.faults(in: declaration))
        faults.add(NetworkOverlap.faults(in: declaration))
        faults.add(TranslationUnknown.faults(in: declaration))
        faults.add(TranslationSize.faults(in: declaration))
        faults.add(TranslationOverlap.faults(in: declaration))
        faults.add(PrivateNotInNetworks.faults(in: declaration))
        faults.add(PublicDuplicate.faults(in: declaration))
        faults.add(PublicInsideNetwork.faults(in: declaration))
        faults.add(ControllerInsideNetwork.faults(in: declaration))
        faults.add(IndexDuplicate.faults(in: declaration))
        let misnamed = UnknownSite.faults(in: declaration) + LinkToItself.faults(in: declaration)
        faults.add(misnamed)
        faults.add(LinkDuplicate.faults(in: declaration))
        // Which sites are linked is known only when every name is one.
        guard misnamed.isEmpty, let links = declaration.meshLinks else { return }
        faults.add(TopologyDisconnected.faults(in: declaration, links: links))
        faults.add(FamilyMismatch.faults(in: declaration, links: links))
        faults.add(MTUTooSmall.faults(in: declaration, links: links))
    }
}
