/// `unknown-site`: a hub, a member of a group, an end of a link or of a test that is no site.
enum UnknownSite {
    /// How many faults come with the name that was probably meant: each is looked for among all sites.
    private static let proposals = 20

    static func faults(in declaration: Declaration) -> [Fault] {
        // A site whose name could not be read may be the one that is meant.
        guard !declaration.hasUnnamedSites else { return [] }
        let known = Set(declaration.sites.map(\.name.value))
        let names = declaration.sites.map(\.name.value.description)
        let unknown = declaration.references.filter { !known.contains($0.value) }
        return unknown.enumerated().map { number, reference in
            let meant = number < proposals ? nearest(to: reference.value.description, among: names) : nil
            return Fault(
                .unknownSite, at: reference.place, "there is no site '\(reference.value)'",
                remedy: meant.map { "did you mean '\($0)'?" } ?? "declare '\(reference.value)' under 'sites'")
        }
    }
}
