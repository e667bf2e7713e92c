import WarrenModel

/// Reads the site-to-site connections of swanctl.conf. Secrets are told by the line of their section alone.
enum SwanctlFile {
    static func read(_ file: GatewayFile, into facts: inout GatewayFacts, _ leftOut: inout LeftOutList) {
        let reader = SettingsReader(file.text)
        for fault in reader.faults { leftOut.add(file.name, fault.line, fault.what) }
        for section in reader.root.sections {
            switch section.name {
            case "connections":
                for connection in section.sections.prefix(ImportLimits.facts) {
                    read(connection, of: file, into: &facts, &leftOut)
                }
            case "secrets":
                for secret in section.sections {
                    leftOut.add(
                        file.name, secret.line,
                        "the secret \(printable(secret.name)): Warren replaces it by a key that it makes for each link; "
                            + "take this one away then")
                }
            default: leftOut.add(file.name, section.line, "the section \(printable(section.name))")
            }
        }
    }

    /// What says how the daemon does its work, and nothing of what is joined: Warren's own daemons do it their way.
    private static let ownAffairs: Set<String> = [
        "mobike", "unique", "encap", "fragmentation", "keyingtries", "reauth_time", "over_time", "rand_time", "dpd_timeout",
        "dpd_action", "close_action", "start_action", "replay_window", "policies", "policies_fwd_out", "hw_offload", "reqid",
        "hostaccess", "life_time", "life_bytes", "rekey_packets", "life_packets", "rand_bytes", "rand_packets", "copy_df",
        "copy_ecn", "copy_dscp", "priority", "local_port", "remote_port", "send_certreq", "send_cert", "childless",
    ]
    private static let carried: Set<String> = [
        "version", "local_addrs", "remote_addrs", "proposals", "rekey_time", "dpd_delay", "local_ts", "remote_ts",
        "esp_proposals", "mode", "rekey_bytes",
    ]

    private static func read(
        _ section: SettingsSection, of file: GatewayFile, into facts: inout GatewayFacts, _ leftOut: inout LeftOutList
    ) {
        let name = printable(section.name)
        tellUnknown(section, of: file, &leftOut)
        for end in section.sections where end.name.hasPrefix("local") || end.name.hasPrefix("remote") {
            if let auth = end.value("auth"), auth.value != "psk" {
                leftOut.add(
                    file.name, auth.line,
                    "\(name) authenticates by \(printable(auth.value)): Warren's links have pre-shared keys that it makes")
            }
        }
        if let version = section.value("version"), version.value == "1" {
            leftOut.add(file.name, version.line, "version 1 of IKE of \(name): Warren speaks version 2")
        }
        var fact = ConnectionFact(
            source: Source(file: file.name, line: section.line),
            local: addresses(section.value("local_addrs"), of: file, &leftOut),
            remote: addresses(section.value("remote_addrs"), of: file, &leftOut), localNetworks: [], remoteNetworks: [])
        var parameters = IPsecParameters()
        let ike: [IKEProposal] = proposals(section.value("proposals"), of: file, &leftOut)
        if !ike.isEmpty { parameters.ike.proposals = ike }
        parameters.ike.lifetimeSeconds =
            seconds(section.value("rekey_time"), 10...2_592_000, of: file, &leftOut) ?? parameters.ike.lifetimeSeconds
        parameters.ike.livenessSeconds =
            seconds(section.value("dpd_delay"), 1...3600, of: file, &leftOut) ?? parameters.ike.livenessSeconds
        for child in section.section("children")?.sections.prefix(ImportLimits.facts) ?? [] {
            tellUnknown(child, of: file, &leftOut)
            let esp: [ESPProposal] = proposals(child.value("esp_proposals"), of: file, &leftOut)
            if !esp.isEmpty { parameters.child.proposals = esp }
            if let mode = child.value("mode") {
                if let known = IPsecMode(rawValue: mode.value) {
                    parameters.mode = known
                } else {
                    leftOut.add(file.name, mode.line, "the mode \(printable(mode.value)) of \(name)")
                }
            }
            let rekey = seconds(child.value("rekey_time"), 10...604_800, of: file, &leftOut)
            parameters.child.lifetimeSeconds = rekey ?? parameters.child.lifetimeSeconds
            if let bytes = child.value("rekey_bytes") {
                if let number = UInt64(bytes.value), (1 << 20...1 << 50).contains(number) {
                    parameters.child.lifetimeBytes = (number >> 20) << 20
                } else {
                    leftOut.add(file.name, bytes.line, "the size \(printable(bytes.value)) of 'rekey_bytes'")
                }
            }
            if let packets = child.value("rekey_packets") {
                if let number = UInt64(packets.value), (1_000...1 << 50).contains(number) {
                    parameters.child.lifetimePackets = number
                } else if packets.value != "0" {
                    leftOut.add(file.name, packets.line, "the number \(printable(packets.value)) of 'rekey_packets'")
                }
            }
            fact.localNetworks += SelectorText.networks(child.value("local_ts"), of: file, &leftOut)
            fact.remoteNetworks += SelectorText.networks(child.value("remote_ts"), of: file, &leftOut)
        }
        fact.parameters = parameters
        if fact.remote.isEmpty {
            leftOut.add(fact.source, "the connection \(name): it does not say the other gateway's address")
        } else {
            facts.connections.append(fact)
        }
    }

    private static func tellUnknown(_ section: SettingsSection, of file: GatewayFile, _ leftOut: inout LeftOutList) {
        for setting in section.settings where !ownAffairs.contains(setting.key) && !carried.contains(setting.key) {
            leftOut.add(file.name, setting.line, "the setting \(printable(setting.key)) of \(printable(section.name))")
        }
    }

    /// At most one of each family.
    private static func addresses(
        _ setting: SettingsSection.Setting?, of file: GatewayFile, _ leftOut: inout LeftOutList
    ) -> [IPAddress] {
        guard let setting else { return [] }
        var addresses: [IPAddress] = []
        for word in words(setting.value) where word != "%any" && word != "%any4" && word != "%any6" {
            guard let address = IPAddress(word) else {
                leftOut.add(file.name, setting.line, "\(printable(word)): it is not an address")
                continue
            }
            if addresses.contains(where: { $0.family == address.family }) {
                leftOut.add(file.name, setting.line, "the further address \(address)")
            } else {
                addresses.append(address)
            }
        }
        return addresses
    }

    private static func proposals<Proposal: LosslessStringConvertible & Hashable>(
        _ setting: SettingsSection.Setting?, of file: GatewayFile, _ leftOut: inout LeftOutList
    ) -> [Proposal] {
        guard let setting else { return [] }
        var proposals: [Proposal] = []
        for word in words(setting.value) where word != "default" {
            if let proposal = Proposal(inventorySpelling(word)), proposals.count < 16 {
                if !proposals.contains(proposal) { proposals.append(proposal) }
            } else {
                leftOut.add(file.name, setting.line, "the proposal \(printable(word))")
            }
        }
        return proposals
    }

    /// strongSwan has several names for one algorithm, and says extended sequence numbers here, which Warren always offers.
    private static func inventorySpelling(_ proposal: String) -> String {
        let same = ["aes128gcm128": "aes128gcm16", "aes256gcm128": "aes256gcm16", "curve25519": "x25519"]
        return proposal.split(separator: "-").map(String.init).filter { $0 != "esn" && $0 != "noesn" }
            .map { same[$0] ?? $0 }.joined(separator: "-")
    }

    /// `4h`, `30m`, `20s`, `1d` or seconds; nil, told, for what is outside of `range`.
    private static func seconds(
        _ setting: SettingsSection.Setting?, _ range: ClosedRange<UInt32>, of file: GatewayFile, _ leftOut: inout LeftOutList
    ) -> UInt32? {
        guard let setting else { return nil }
        let factors: [Character: UInt32] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        let factor = setting.value.last.flatMap { factors[$0] }
        let digits = factor == nil ? setting.value[...] : setting.value.dropLast()
        if !digits.hasPrefix("+"), let number = UInt32(digits) {
            let (product, overflow) = number.multipliedReportingOverflow(by: factor ?? 1)
            if !overflow, range.contains(product) { return product }
        }
        leftOut.add(file.name, setting.line, "the time \(printable(setting.value)) of \(printable(setting.key))")
        return nil
    }

    private static func words(_ value: String) -> [String] {
        value.split { $0 == "," || $0 == " " || $0 == "\t" }.prefix(64).map(String.init)
    }
}

/// Traffic selectors as strongSwan writes them: `192.168.1.0/24, 203.0.113.10/32[4], dynamic`.
enum SelectorText {
    /// The networks of a setting; what speaks of IP in IP between gateways is none of them.
    static func networks(
        _ setting: SettingsSection.Setting?, of file: GatewayFile, _ leftOut: inout LeftOutList
    ) -> [IPPrefix] {
        guard let setting else { return [] }
        var networks: [IPPrefix] = []
        for word in setting.value.split(separator: ",").prefix(ImportLimits.facts) {
            let text = word.filter { $0 != " " && $0 != "\t" }
            if text.isEmpty || text == "dynamic" || ["[4]", "[41]", "[ipencap]", "[ipv6]"].contains(where: text.hasSuffix) {
                continue
            }
            if let prefix = IPPrefix(text) ?? IPAddress(text).map({ IPPrefix(host: $0) }) {
                networks.append(prefix)
            } else {
                leftOut.add(file.name, setting.line, "the selector \(printable(text))")
            }
        }
        return networks
    }
}
