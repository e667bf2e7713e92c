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
                peerName: "itself at 200 sites: 4 is linear in links")
        ]
    }
}
