import Glibc
import WarrenModel

/// The argument vectors of Warren's own programs in a lab, and where each keeps its files.
struct LabPrograms: Sendable, Equatable {
    /// Where every agent connects, and where it enrols.
    static let agentPort: UInt16 = 7443
    static let enrolmentPort: UInt16 = 7444
    /// Where a browser in the controller's namespace finds the dashboard.
    static let dashboardPort: UInt16 = 8080

    /// An unprivileged user that no account has: tunneld becomes it.
    static let tunnelUser = "64123:64123"

    let names: LabNames
    let controller: [IPAddress]
    /// The folder of the binaries.
    let directory: String

    var apiSocket: String { "\(names.directory)/api.sock" }
    var controllerState: String { "\(names.directory)/controller" }
    var controllerLog: String { "\(names.directory)/warrend.log" }
    func log(of site: LabTopology.SiteWorld) -> String { "\(stateDirectory(of: site)).log" }
    func tunnelLog(of site: LabTopology.SiteWorld) -> String { "\(stateDirectory(of: site)).tunneld.log" }
    func stateDirectory(of site: LabTopology.SiteWorld) -> String { "\(names.directory)/\(site.name)" }
    /// Named by the bridge's port: a socket's path has at most 107 bytes (unix(7)), whatever the names.
    func controlSocket(of site: LabTopology.SiteWorld) -> String { "\(names.directory)/\(site.port).t/control.sock" }

    func binary(_ name: String) -> String { "\(directory)/\(name)" }

    /// Where a gateway finds the controller: in IPv4 if it has any.
    func endpoint(for site: LabTopology.SiteWorld, port: UInt16) -> String {
        let family = site.publicAddresses.map(\.family).contains(.ipv4) ? AddressFamily.ipv4 : .ipv6
        return controller.first { $0.family == family }.map { Endpoint(address: $0, port: port).description } ?? ""
    }

    var controllerCommand: [String] {
        [
            binary("warrend"), "--state", controllerState, "--api-socket", apiSocket,
            "--agent-listen", "[::]:\(Self.agentPort)", "--enrol-listen", "[::]:\(Self.enrolmentPort)",
            "--dashboard-listen", "127.0.0.1:\(Self.dashboardPort)",
        ]
    }

    /// Reads the token from its standard input.
    func enrolCommand(for site: LabTopology.SiteWorld) -> [String] {
        [
            binary("warren-agent"), "enrol", "--state", stateDirectory(of: site), "--token-file", "-",
            "--controller", endpoint(for: site, port: Self.enrolmentPort), "--site", "\(site.name)",
        ]
    }

    func runCommand(for site: LabTopology.SiteWorld) -> [String] {
        [
            binary("warren-agent"), "run", "--state", stateDirectory(of: site),
            "--controller", endpoint(for: site, port: Self.agentPort), "--tunneld", binary("warren-tunneld"),
            "--tunneld-user", Self.tunnelUser, "--tunneld-log", tunnelLog(of: site),
            "--control-socket", controlSocket(of: site),
        ]
    }

    func requirePrograms() throws {
        for name in ["warrend", "warren-agent", "warren-tunneld"] where access(binary(name), X_OK) != 0 {
            throw LabError(
                .missingProgram,
                "\(binary(name)) is missing: a lab runs the programs beside 'warren'; build it with 'swift build'")
        }
    }

    static func enter(_ namespace: String, _ command: [String]) -> [String] { ["ip", "netns", "exec", namespace] + command }
}
