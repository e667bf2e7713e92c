/// `strongswan.conf`: what charon must leave alone.
enum DaemonSettings {
    static let name = "strongswan.conf"

    static func file(_ gateway: RenderedGateway) throws(RenderError) -> RenderedFile {
        let place = gateway.target == .linux ? "/etc" : "/usr/local/etc"
        let lines = gateway.heading(
            "Copy it to \(place)/strongswan.d/warren.conf.",
            "The routes are those of the tunnels, which stand already: charon must not add its own.")
        let charon = SettingsSection(name: "charon", settings: [("install_routes", "no"), ("install_virtual_ip", "no")])
        return RenderedFile(name, lines: lines + (try charon.lines()))
    }
}
