import GRPCNIOTransportHTTP2Posix
import WarrenModel
import WarrenWire

/// Where a controller listens: `HOST:PORT`, `[IPV6]:PORT`, or without a port for the usual one.
public struct ControllerAddress: Sendable, Hashable, CustomStringConvertible {
    public let host: String
    public let port: UInt16

    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Nil for anything that is neither an address nor a host name with an optional port.
    public init?(_ text: String, defaultPort: UInt16) {
        var host = text[...], port = defaultPort
        func number(_ digits: Substring) -> UInt16? {
            digits.utf8.allSatisfy { (48...57).contains($0) } ? UInt16(digits).flatMap { $0 == 0 ? nil : $0 } : nil
        }
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard IPAddress(String(host))?.family == .ipv6 else { return nil }
            if !rest.isEmpty {
                guard rest.first == ":", let given = number(rest.dropFirst()) else { return nil }
                port = given
            }
        } else if IPAddress(text) == nil, let colon = text.lastIndex(of: ":") {
            guard let given = number(text[text.index(after: colon)...]) else { return nil }
            host = text[..<colon]
            port = given
        }
        let isName = host.utf8.allSatisfy {
            (97...122).contains($0) || (65...90).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 46
        }
        guard (1...253).contains(host.utf8.count), isName || IPAddress(String(host)) != nil else { return nil }
        self.init(host: String(host), port: port)
    }

    /// Where a controller enrols agents.
    public init?(enrolment text: String) { self.init(text, defaultPort: Wire.defaultEnrolmentPort) }

    /// Where a controller serves agents that have enrolled.
    public init?(agents text: String) { self.init(text, defaultPort: Wire.defaultAgentPort) }

    /// Where an agent that is told nothing else looks for its controller: on the host that enrolled it.
    public static func agents(of identity: AgentIdentity) -> ControllerAddress {
        ControllerAddress(host: identity.controllerHost, port: Wire.defaultAgentPort)
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    var target: any ResolvableTarget {
        switch IPAddress(host)?.family {
        case .ipv4: .ipv4(address: host, port: Int(port))
        case .ipv6: .ipv6(address: host, port: Int(port))
        case nil: .dns(host: host, port: Int(port))
        }
    }
}
