import ArgumentParser
import WarrenModel

/// A link on the command line: `berlin--tokyo`, or `berlin tokyo` in either order.
struct LinkArgument: ParsableArguments {
    @Argument(
        help: "The link: berlin--tokyo, or its two sites.",
        completion: .custom { words, _, _ in
            await NameCompletion.links(in: words) + NameCompletion.sites(in: words)
        })
    var link: [String]

    func validate() throws { _ = try identity() }

    func identity() throws -> LinkID {
        if link.count == 1, let identity = LinkID(argument: link[0]) { return identity }
        let sites = link.compactMap { SiteName($0) }
        guard link.count == 2, sites.count == 2, let identity = LinkID(sites[0], sites[1]) else {
            throw ValidationError("A link is named by its two sites: 'berlin tokyo' or 'berlin--tokyo'.")
        }
        return identity
    }
}
