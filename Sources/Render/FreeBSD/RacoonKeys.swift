/// `psk.txt`: the key of each peer, by its public address.
enum RacoonKeys {
    static let name = "psk.txt"
    static let place = "/usr/local/etc/racoon/psk.txt"

    static func file(_ gateway: RenderedGateway) throws(RenderError) -> RenderedFile {
        var lines = gateway.heading("Copy it to \(place), mode 0600: racoon refuses it otherwise.")
        for link in gateway.links {
            lines.append(try WordSyntax(format: "racoon").line("\(link.tunnel.outer.remote) \(link.hexadecimalKey)"))
        }
        return RenderedFile(name, access: .ownerOnly, lines: lines)
    }
}
