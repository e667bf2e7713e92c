import Logging
import WarrenFailpoints
import WarrenInventory
import WarrenModel
import WarrenPlan
import WarrenRollout

/// Public addresses that the inventory doesn't say. A change reaches the site and its peers at once, without an operator.
extension Controller {
    /// Learns the addresses of a site whose agent tells them. Call it within `serially`.
    func learn(from report: AgentReport, in session: Session) async {
        guard source(of: report.site) == .agent else { return }
        let addresses = Self.publicAddresses(told: report.outerAddresses, seen: session.remote)
        await learn(addresses, of: report.site, from: "its agent")
    }

    /// What the agent would be reached at: what it told of each family, or, behind a NAT, where it is seen to call from.
    static func publicAddresses(told: [IPAddress], seen: IPAddress?) -> [IPAddress] {
        AddressFamily.allCases.compactMap { family in
            guard let own = told.first(where: { $0.family == family && $0.canBeOuter }) else { return nil }
            guard let seen, seen.family == family, seen.canBeOuter else { return own }
            return seen
        }
    }

    /// Looks up the sites that are reached by name, all at once. Each that has no answer keeps what it has.
    func lookUpNames() async {
        let names = (control.content?.inventory.sites ?? []).compactMap { site -> (SiteName, String)? in
            guard case .name(let name) = site.gateway.publicAddressSource else { return nil }
            return (site.name, name)
        }
        let lookUp = options.lookUp
        await withTaskGroup(of: (SiteName, String, [IPAddress]).self) { group in
            for (site, name) in names { group.addTask { (site, name, await lookUp(name)) } }
            for await (site, name, found) in group {
                do {
                    try await serially {
                        guard await self.source(of: site) == .name(name) else { return }
                        let known = await self.control.record.addresses[site] ?? []
                        await self.learn(Self.choice(of: found, known: known), of: site, from: name)
                    }
                } catch {
                    log.error("an address could not be kept", metadata: ["site": "\(site)", "error": "\(error)"])
                }
            }
        }
    }

    /// One of each family: the one in use as long as the name has it, else the first.
    private static func choice(of found: [IPAddress], known: [IPAddress]) -> [IPAddress] {
        AddressFamily.allCases.compactMap { family in
            let usable = found.filter { $0.family == family && $0.canBeOuter }
            return known.first { usable.contains($0) } ?? usable.first
        }
    }

    private func source(of site: SiteName) -> PublicAddressSource? {
        control.content?.inventory.sites.first { $0.name == site }?.gateway.publicAddressSource
    }

    private func learn(_ addresses: [IPAddress], of site: SiteName, from source: String) async {
        let all = decisions.newest.record.addresses
        guard !addresses.isEmpty, all[site] != addresses else { return }
        let others = (control.content?.inventory.sites ?? []).filter { $0.name != site }
        if let other = others.first(where: { other in
            let learned = other.gateway.publicAddressSource == .inventory ? nil : all[other.name]
            return !addresses.allSatisfy { !(learned ?? other.gateway.publicAddresses).contains($0) }
        }) {
            log.warning(
                "an address is not taken: another site has it",
                metadata: ["site": "\(site)", "other": "\(other.name)", "source": "\(source)"])
            return
        }
        // As for an address of the inventory: the routes to the network would lead the tunnels into themselves.
        let inventory = control.content?.inventory
        if let network = addresses.lazy.compactMap({ inventory?.network(holding: $0) }).first {
            log.warning(
                "an address is not taken: it lies in a site's network",
                metadata: [
                    "site": "\(site)", "network": "\(network.prefix)", "owner": "\(network.site)", "source": "\(source)",
                ])
            return
        }
        Failpoint.controllerAddressTold.pass()
        await observe([.learned(all.merging([site: addresses]) { $1 })])
        Failpoint.controllerAddressLearned.pass()
        let text = addresses.map(\.description).joined(separator: ", ")
        await note(.addressLearned, site: site, text: "'\(site)' is at \(text), as \(source) says")
    }
}

extension IPAddress {
    /// Unicast, and of more than this host and this wire.
    fileprivate var canBeOuter: Bool {
        let bytes = bytes
        switch family {
        case .ipv4:
            return (1...223).contains(bytes[0]) && bytes[0] != 127 && !(bytes[0] == 169 && bytes[1] == 254)
        case .ipv6:
            let isZeroOrLoopback = bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] <= 1
            return bytes[0] != 0xff && !(bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80) && !isZeroOrLoopback
        }
    }
}
