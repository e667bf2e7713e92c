import WarrenModel

/// What the kernel and the daemon say of the tunnels, as one account.
enum TunnelJoin {
    /// The MTU of a tunnel that is not whole: no plan has it, so what is reported equals no tunnel that is wanted.
    static let brokenMTU = 0

    /// A tunnel counts as it stands only when its device is up, has the address and MTU, and the daemon serves it. Of one
    /// that lacks any of that, what is known is reported with `brokenMTU`, so that it is set again or removed.
    static func join(devices: [KernelInterface], running: [TunnelReport]) -> [TunnelReport] {
        let served = Dictionary(running.map { ($0.tunnel.interface, $0) }, uniquingKeysWith: { first, _ in first })
        var reports: [TunnelReport] = []
        for device in devices {
            if let report = served[device.name] {
                reports.append(isWhole(device, report.tunnel) ? report : broken(report.tunnel))
            } else {
                let unknown = AddressPair(local: .init(v4: 0), remote: .init(v4: 0))
                let tunnel = GIFTunnel(
                    peer: device.peer, interface: device.name, outer: unknown, inner: device.addresses.first ?? unknown,
                    mtu: brokenMTU, mode: .tunnel)
                reports.append(TunnelReport(tunnel: tunnel, isUp: false))
            }
        }
        let names = Set(devices.map(\.name))
        reports += running.filter { !names.contains($0.tunnel.interface) }.map { broken($0.tunnel) }
        return reports.sorted { $0.tunnel.interface < $1.tunnel.interface }
    }

    private static func isWhole(_ device: KernelInterface, _ tunnel: GIFTunnel) -> Bool {
        device.isUp && device.peer == tunnel.peer && device.mtu == tunnel.mtu && device.addresses == [tunnel.inner]
    }

    private static func broken(_ tunnel: GIFTunnel) -> TunnelReport {
        let shown = GIFTunnel(
            peer: tunnel.peer, interface: tunnel.interface, outer: tunnel.outer, inner: tunnel.inner, mtu: brokenMTU,
            mode: tunnel.mode)
        return TunnelReport(tunnel: shown, isUp: false)
    }
}
