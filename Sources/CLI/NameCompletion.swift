import ArgumentParser
import Foundation
import WarrenClient
import WarrenInventory
import WarrenModel

/// Names for the shell's completion. Never fails and never waits for long: where nothing is known, nothing is offered.
enum NameCompletion {
    private static let mostLinks = 5_000
    private static let patience = Duration.seconds(2)

    /// The sites of the inventory on the command line, else of the controller, else of the inventory in the settings.
    static func sites(in words: [String]) async -> [String] {
        if let named = words.dropFirst().lazy.compactMap(sites(inFile:)).first { return named }
        if let answered = await ask(words, { try await $0.siteNames() }) { return answered.map(\.description) }
        return keptInventory(words).flatMap(sites(inFile:)) ?? []
    }

    /// Links as `berlin--tokyo`; nobody would choose among thousands.
    static func links(in words: [String]) async -> [String] {
        let links = await ask(words) { client -> [String] in
            let counts = try await client.status(links: .none).counts?.links.values.reduce(0, +) ?? 0
            guard counts <= mostLinks else { return [] }
            return try await client.status(links: .all).links.map(\.link.description)
        }
        return links ?? []
    }

    static func generations(in words: [String]) async -> [String] {
        await ask(words) { try await $0.generations().map(\.generation.description) } ?? []
    }

    static func profiles() -> [String] {
        let file = SettingsFile(option: nil, environment: ProcessInfo.processInfo.environment)
        return (try? file?.load())?.profiles.keys.sorted() ?? []
    }

    private static func ask<Answer: Sendable>(
        _ words: [String], _ question: @escaping @Sendable (ControllerClient) async throws -> Answer
    ) async -> Answer? {
        guard let address = try? options(in: words).address else { return nil }
        return await withTaskGroup(of: Answer?.self) { group in
            group.addTask { try? await ControllerClient.withClient(of: address, question) }
            group.addTask {
                try? await Task.sleep(for: patience)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    /// Which controller the words so far name, whatever else they say.
    private static func options(in words: [String]) throws -> ControllerOptions {
        var arguments: [String] = []
        for name in ["--socket", "--url", "--token-file", "--ca", "--profile", "--config"] {
            if let place = words.lastIndex(of: name), place + 1 < words.count, !words[place + 1].isEmpty {
                arguments += [name, words[place + 1]]
            }
        }
        return try ControllerOptions.parse(arguments)
    }

    private static func keptInventory(_ words: [String]) -> String? {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["WARREN_INVENTORY"], !path.isEmpty { return path }
        guard let choice = try? options(in: words).choice(), let name = choice.origin.profile,
            let file = SettingsFile(option: nil, environment: environment), let settings = try? file.load()
        else { return nil }
        return settings.profiles[name]?.inventory.map(file.resolve)
    }

    private static func sites(inFile path: String) -> [String]? {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
            isFolder.boolValue || path.hasSuffix(".yaml") || path.hasSuffix(".yml"),
            let files = try? InventorySource.read(path)
        else { return nil }
        return Inventory.load(files).inventory?.sites.map(\.name.description)
    }
}
