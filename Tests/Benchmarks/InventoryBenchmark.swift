import Foundation
import WarrenInventory
import WarrenModel
import WarrenPlan

/// A generated inventory of many sites, each with one /24 of 10.0.0.0/8.
enum SampleInventory {
    static func text(sites: Int) -> String {
        var text = "version: 1\nmesh: bench\nsites:\n"
        for index in 0..<sites {
            let (high, low) = (index / 250 % 250, index % 250)
            text += """
                  site\(index):
                    gateway: {public: 203.\(high).\(low).10, private: 10.\(high).\(low).1}
                    networks: [10.\(high).\(low).0/24]

                """
        }
        return text
    }

    /// Of any number of sites, also more than a text may declare.
    static func made(sites count: UInt32) -> Inventory {
        let sites = (0..<count).compactMap { number -> Site? in
            let inner = IPAddress(v4: 10 << 24 | number << 8 | 1), outer = IPAddress(v4: 198 << 24 | 18 << 16 | number)
            guard let name = SiteName("site\(number)"), let network = IPPrefix(containing: inner, length: 24) else {
                return nil
            }
            let gateway = Gateway(publicAddresses: [outer], privateAddress: inner, platform: .embedded, ipsec: .init())
            return Site(name: name, gateway: gateway, networks: [network])
        }
        return Inventory(mesh: "bench", sites: sites)
    }

    static func load(sites: Int) throws -> Inventory {
        let load = Inventory.load([InventoryFile(name: "bench.yaml", text: text(sites: sites))])
        guard let inventory = load.inventory else {
            throw BenchmarkError.wrongResult(load.diagnostics.first?.description ?? "no inventory")
        }
        return inventory
    }
}

/// Text to checked inventory, against Python's own parser and checker of addresses on the same text. PyYAML's C loader
/// does the parsing when it is there; `ipaddress` and a sorted sweep find the overlaps.
enum InventoryBenchmark {
    private static let peer = """
        import sys, time, ipaddress, yaml
        text = sys.stdin.read()
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        start = time.perf_counter()
        sites = yaml.load(text, Loader=loader)["sites"]
        networks = sorted(ipaddress.ip_network(n) for s in sites.values() for n in s["networks"])
        overlaps = sum(a.overlaps(b) for a, b in zip(networks, networks[1:]))
        print(time.perf_counter() - start, overlaps, loader.__name__)
        """

    static func run() throws -> [BenchmarkResult] {
        let sites = 1000
        let text = SampleInventory.text(sites: sites)
        let seconds = try medianSeconds(runs: 5) { _ = try SampleInventory.load(sites: sites) }
        guard let output = try? runPeer(["python3", "-c", peer], input: text) else {
            print("inventory of \(sites) sites: \(Int(seconds * 1000)) ms; no peer: python3-yaml is not installed")
            return []
        }
        let words = output.split(separator: " ")
        guard words.count == 3, let peerSeconds = Double(words[0]), words[1] == "0" else {
            throw BenchmarkError.wrongResult("the peer printed \(output)")
        }
        return [
            BenchmarkResult(
                name: "inventory of \(sites) sites, checked", unit: "ms", warren: seconds * 1000, peer: peerSeconds * 1000,
                peerName: "PyYAML (\(words[2].trimmingCharacters(in: .whitespacesAndNewlines))) + ipaddress")
        ]
    }
}

/// Deriving a full mesh, against itself at half the size: links grow with the square of the sites, so 4 is linear in links.
enum PlanBenchmark {
    static func run() throws -> [BenchmarkResult] {
        let small = try SampleInventory.load(sites: 100), large = try SampleInventory.load(sites: 200)
        let smallSeconds = medianSeconds(runs: 3) { _ = Plan.derive(from: small) }
        let largeSeconds = medianSeconds(runs: 3) { _ = Plan.derive(from: large) }
        return [
            BenchmarkResult(
                name: "plan, full mesh of 100 sites", unit: "ms", warren: smallSeconds * 1000, peer: largeSeconds * 1000,
                peerName: "itself at 200 sites: 4 is linear in links"),
            try largeMesh(), try oneGateway(),
        ]
    }

    /// Every gateway of the mesh, one after the other, of which only the counts are kept.
    private static func largeMesh() throws -> BenchmarkResult {
        let small = try SampleInventory.load(sites: 500), large = try SampleInventory.load(sites: 1000)
        let largeSeconds = medianSeconds(runs: 3) { _ = PlanSummary(MeshDerivation(large)) }
        let smallSeconds = medianSeconds(runs: 3) { _ = PlanSummary(MeshDerivation(small)) }
        return BenchmarkResult(
            name: "plan summary, full mesh of 500 sites", unit: "ms", warren: smallSeconds * 1000, peer: largeSeconds * 1000,
            peerName: "itself at 1000 sites, 499,500 links: 4 is linear in links")
    }

    private static func oneGateway() throws -> BenchmarkResult {
        let (small, large) = (SampleInventory.made(sites: 5000), SampleInventory.made(sites: 10_000))
        guard let site = SiteName("site7") else { throw BenchmarkError.wrongResult("no name") }
        let smallSeconds = medianSeconds(runs: 5) { _ = GatewayPlan.derive(for: site, from: small) }
        let largeSeconds = medianSeconds(runs: 5) { _ = GatewayPlan.derive(for: site, from: large) }
        return BenchmarkResult(
            name: "one gateway of a full mesh of 5,000 sites", unit: "ms", warren: smallSeconds * 1000,
            peer: largeSeconds * 1000, peerName: "itself at 10,000 sites: 2 is linear in its links")
    }
}
