import WarrenModel

/// `sysctl.conf`: what the kernel must do besides.
enum SysctlSettings {
    static let name = "sysctl.conf"

    static func file(_ gateway: RenderedGateway) throws(RenderError) -> RenderedFile {
        let isLinux = gateway.target == .linux
        var lines =
            isLinux
            ? gateway.heading("Copy it to /etc/sysctl.d/60-warren.conf; sysctl --system applies it.")
            : gateway.heading("Add these lines to /etc/sysctl.conf; service sysctl restart applies them.")
        for family in AddressFamily.allCases where gateway.carries(family) {
            switch (isLinux, family) {
            case (true, .ipv4): lines.append("net.ipv4.ip_forward = 1")
            case (true, .ipv6): lines.append("net.ipv6.conf.all.forwarding = 1")
            case (false, .ipv4): lines.append("net.inet.ip.forwarding=1")
            case (false, .ipv6): lines.append("net.inet6.ip6.forwarding=1")
            }
        }
        if !isLinux {
            lines.append("# Without it, any peer's security association satisfies another pair's inbound policy.")
            lines.append("net.inet.ipsec.check_policy_history=1")
        }
        return RenderedFile(name, lines: lines)
    }
}
