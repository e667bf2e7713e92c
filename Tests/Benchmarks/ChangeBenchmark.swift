import Foundation
import WarrenInventory
import WarrenModel
import WarrenPlan

/// What changes when one site joins a full mesh, against itself at twice the size: one link for each site that is there, so 2 is
/// linear in its links; 4 would be linear in all links of the mesh.
enum ChangeBenchmark {
    static func run() throws -> [BenchmarkResult] {
        let sizes: [UInt32] = [250, 500, 1000, 2000]
        let seconds = try sizes.map(secondsToJoin)
        var results = zip(sizes, zip(seconds, seconds.dropFirst())).map { size, times in
            BenchmarkResult(
                name: "changes, one site joins \(size)", unit: "ms", warren: times.0 * 1000, peer: times.1 * 1000,
                peerName: "itself at \(size * 2): 2 is linear in the site's links (\(microseconds(times.0, size)) us a link)")
        }
        let (small, large) = (mesh(500), mesh(1000))
        let first = medianSeconds(runs: 3) { _ = MeshComparison(from: nil, to: small).changeSet() }
        let twice = medianSeconds(runs: 3) { _ = MeshComparison(from: nil, to: large).changeSet() }
        results.append(
            BenchmarkResult(
                name: "changes, first plan of 500 sites", unit: "ms", warren: first * 1000, peer: twice * 1000,
                peerName: "itself at 1000 sites, 499,500 links: 4 is linear in links"))
        return results
    }

    private static func secondsToJoin(_ size: UInt32) throws -> Double {
        let old = mesh(size), new = mesh(size + 1)
        var links = 0
        let seconds = medianSeconds(runs: 9) {
            links = MeshComparison(from: old, to: new).changeSet(.summary).summary.links(.starts)
        }
        guard links == Int(size) else { throw BenchmarkError.wrongResult("\(links) links start, not \(size)") }
        return seconds
    }

    private static func microseconds(_ seconds: Double, _ links: UInt32) -> String {
        String(format: "%.1f", seconds * 1e6 / Double(links))
    }

    private static func mesh(_ size: UInt32) -> MeshDerivation { MeshDerivation(SampleInventory.made(sites: size)) }
}
