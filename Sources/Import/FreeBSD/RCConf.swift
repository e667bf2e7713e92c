import WarrenModel

/// Reads rc.conf(5): gif interfaces in the handbook's form (`gifconfig_gif0`) and today's (`create_args_gif0`, or `tunnel` in
/// `ifconfig_gif0`), static routes, and the addresses of the other interfaces.
enum RCConf {
    static func read(_ file: GatewayFile, into facts: inout GatewayFacts, _ leftOut: inout LeftOutList) {
        facts.isFreeBSD = true
        let shell = ShellAssignments(file.text)
        for line in shell.otherLines { leftOut.add(file.name, line, "what takes a shell to know") }
        // As in a shell, the last assignment stands.
        var settings: [String: ShellAssignments.Assignment] = [:]
        for assignment in shell.assignments { settings[assignment.name] = assignment }
        tunnels(in: settings, of: file, into: &facts, &leftOut)
        for (list, prefix) in [("static_routes", "route_"), ("ipv6_static_routes", "ipv6_route_")] {
            guard let names = words(settings[list], file, &leftOut) else { continue }
            for name in names.prefix(ImportLimits.facts) {
                // `NAME:INTERFACE` asks for the route when that interface comes up.
                let bare = name.split(separator: ":").first.map(String.init) ?? name
                guard let setting = settings[prefix + bare] else {
                    let line = settings[list]?.line ?? 1
                    leftOut.add(file.name, line, "the route \(printable(bare)): there is no \(printable(prefix + bare))")
                    continue
                }
                guard let words = words(setting, file, &leftOut) else { continue }
                guard let route = route(words, isIPv6: prefix == "ipv6_route_", at: Source(file: file.name, line: setting.line))
                else {
                    leftOut.add(
                        file.name, setting.line, "the route \(printable(bare)): its destination and gateway are not clear")
                    continue
                }
                facts.routes.append(route)
            }
        }
    }

    private static func words(
        _ setting: ShellAssignments.Assignment?, _ file: GatewayFile, _ leftOut: inout LeftOutList
    ) -> [String]? {
        guard let setting else { return nil }
        guard let value = setting.value else {
            leftOut.add(file.name, setting.line, "\(printable(setting.name)): it takes a shell to know its value")
            return nil
        }
        return value.split { $0 == " " || $0 == "\t" || $0 == "\n" }.map(String.init)
    }

    /// What is known of one interface.
    private struct Interface {
        var line = Int.max
        var outer: AddressPair?
        var inner: [AddressPair] = []
        var networks: [IPPrefix] = []
    }

    private static func tunnels(
        in settings: [String: ShellAssignments.Assignment], of file: GatewayFile, into facts: inout GatewayFacts,
        _ leftOut: inout LeftOutList
    ) {
        var interfaces: [String: Interface] = [:]
        for setting in settings.values.sorted(by: { $0.line < $1.line }) {
            for prefix in ["gifconfig_", "create_args_", "ifconfig_"] where setting.name.hasPrefix(prefix) {
                let name = setting.name.dropFirst(prefix.count).prefix { $0 != "_" }
                guard !name.isEmpty, let words = words(setting, file, &leftOut) else { continue }
                var interface = interfaces[String(name), default: Interface()]
                interface.line = min(interface.line, setting.line)
                if prefix == "gifconfig_" {
                    interface.outer = pair(words.filter { $0 != "inet" && $0 != "inet6" }) ?? interface.outer
                } else {
                    take(words, into: &interface)
                }
                interfaces[String(name)] = interface
            }
        }
        for (name, interface) in interfaces.sorted(by: { ($0.value.line, $0.key) < ($1.value.line, $1.key) }) {
            let source = Source(file: file.name, line: interface.line)
            if let outer = interface.outer, facts.tunnels.count < ImportLimits.facts {
                facts.tunnels.append(TunnelFact(interface: name, source: source, outer: outer, inner: interface.inner))
            } else if isGIF(name) {
                leftOut.add(source, "\(printable(name)): its outer addresses are not said")
            } else {
                facts.interfaceNetworks += interface.networks
            }
        }
    }

    private static func isGIF(_ name: String) -> Bool {
        name.hasPrefix("gif") && name.count > 3 && name.dropFirst(3).utf8.allSatisfy { (48...57).contains($0) }
    }

    /// The arguments of ifconfig(8), as far as they are addresses.
    private static func take(_ words: [String], into interface: inout Interface) {
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "tunnel" {
                interface.outer = pair(Array(rest.prefix(2))) ?? interface.outer
                rest = rest.dropFirst(2)
                continue
            }
            if let (address, length) = IPPrefix.parse(word) {
                interface.networks += [IPPrefix(containing: address, length: length)].compactMap(\.self)
                if let remote = rest.first.flatMap({ IPAddress($0) }) {
                    interface.inner += [AddressPair(address, remote)].compactMap(\.self)
                }
            } else if let local = IPAddress(word) {
                if let remote = rest.first.flatMap({ IPAddress($0) }) {
                    rest = rest.dropFirst()
                    interface.inner += [AddressPair(local, remote)].compactMap(\.self)
                }
                if let at = rest.firstIndex(where: { $0 == "netmask" || $0 == "prefixlen" }), rest.indices.contains(at + 1),
                    let network = network(local, mask: rest[at + 1])
                {
                    interface.networks.append(network)
                }
            }
        }
    }

    private static func pair(_ words: [String]) -> AddressPair? {
        guard words.count >= 2, let local = IPAddress(words[0]), let remote = IPAddress(words[1]) else { return nil }
        return AddressPair(local, remote)
    }

    /// The arguments of route(8) after `add`.
    private static func route(_ words: [String], isIPv6: Bool, at source: Source) -> RouteFact? {
        var destination: String?, mask: String?, via: RouteFact.Via?
        var isHost = false
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "-net", "-inet", "-inet6", "-4", "-6", "-static", "-gateway": continue
            case "-host": isHost = true
            case "-netmask", "netmask", "-prefixlen", "prefixlen": mask = rest.popFirst()
            case "-interface", "-iface": via = rest.popFirst().map { .interface($0) }
            default:
                if destination == nil {
                    destination = word
                } else if via == nil, let address = IPAddress(word) {
                    via = .gateway(address)
                } else {
                    return nil
                }
            }
        }
        guard let destination, let via else { return nil }
        var prefix: IPPrefix?
        if let (address, length) = IPPrefix.parse(destination) {
            prefix = IPPrefix(containing: address, length: length)
        } else if let address = IPAddress(destination) {
            prefix = isHost ? IPPrefix(host: address) : mask.flatMap { network(address, mask: $0) }
        }
        return prefix.map { RouteFact(source: source, destination: $0, via: via) }
    }

    /// `mask` is a dotted quad, `0x` and eight hexadecimal digits, or a length.
    private static func network(_ address: IPAddress, mask: String) -> IPPrefix? {
        if let length = Int(mask), mask.utf8.count <= 3 { return IPPrefix(containing: address, length: length) }
        guard address.family == .ipv4 else { return nil }
        var bits: UInt32?
        if mask.hasPrefix("0x"), (3...10).contains(mask.utf8.count) {
            bits = UInt32(mask.dropFirst(2), radix: 16)
        } else if let quad = IPAddress(mask), quad.family == .ipv4 {
            bits = UInt32(exactly: quad.bits)
        }
        guard let bits, bits.leadingOneBitCount == bits.nonzeroBitCount else { return nil }
        return IPPrefix(containing: address, length: bits.nonzeroBitCount)
    }
}

extension UInt32 {
    fileprivate var leadingOneBitCount: Int { (~self).leadingZeroBitCount }
}
